"""What goes wrong around a project: each a clear sentence, never a trace, and what was answered before still is."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
from pathlib import Path

import lmdb
import pytest
from tests.cli.conftest import Lapwing
from tests.shop import COMMAND, ORDERS

TOTAL = ("query", "--metrics", "orders", "--json")
WRONG = "not-the-password"


def add_source(folder: Path, text: str) -> None:
    file = folder / "lapwing.yaml"
    file.write_text(file.read_text().replace("sources:\n", f"sources:\n{text}\n"))


def test_wrong_yaml_is_told_with_its_place(lapwing: Lapwing, own_shop: Path) -> None:
    dataset = own_shop / "datasets" / "orders.yaml"
    dataset.write_text(
        dataset.read_text().replace("measures:", "mesures:").replace("timezone: Europe/Berlin", "timezone: X")
    )
    said = lapwing("-p", own_shop, "check")
    assert said.code == 1
    assert "datasets/orders.yaml:12" in said.text
    assert "Did you mean measures?" in said.text
    assert "datasets/orders.yaml:4" in said.text
    asked = lapwing("-p", own_shop, "query", "--metrics", "orders")
    assert (asked.code, asked.out) == (1, b"")
    assert "Did you mean measures?" in asked.err
    dataset.write_text("dataset: [orders\n")
    assert "datasets/orders.yaml:" in lapwing("-p", own_shop, "sql", "select 1").err


def test_data_that_went_away(lapwing: Lapwing, own_shop: Path) -> None:
    assert lapwing("-p", own_shop, "build", "--json").code == 0
    shutil.rmtree(own_shop / "data")
    for asked in (("sql", "from files.orders"), ("check",), ("build",)):
        said = lapwing("-p", own_shop, *asked)
        assert said.code in (1, 2)
        assert "data" in said.err + said.text
    assert lapwing("-p", own_shop, "catalog").code == 0


def test_a_lookup_that_went_away(lapwing: Lapwing, own_shop: Path) -> None:
    (own_shop / "places.db").unlink()
    said = lapwing("-p", own_shop, "sql", "from places.towns")
    assert said.code == 1
    assert "places" in said.err
    listed = lapwing("-p", own_shop, "catalog").text
    assert "places  sqlite, failed:" in listed
    assert "files.orders" in listed


def test_a_table_that_vanished(lapwing: Lapwing, own_shop: Path) -> None:
    with sqlite3.connect(own_shop / "places.db") as places:
        places.execute("alter table towns rename to cities")
    places.close()
    said = lapwing("-p", own_shop, "check")
    assert said.code == 1
    assert "places.towns" in said.text or "table towns" in said.text
    assert lapwing("-p", own_shop, "query", "--metrics", "orders", "--by", "country").code in (1, 2)


def test_a_csv_with_broken_lines(lapwing: Lapwing, own_shop: Path) -> None:
    file = own_shop / "data" / "orders" / "2024-02.csv"
    good = file.read_text()
    assert lapwing("-p", own_shop, "build", "--json").code == 0
    file.write_text(good + "2024-02-10T00:00:00,a,Wien,1.50,too,many\n")
    said = lapwing("-p", own_shop, "sql", "select sum(amount) from files.orders")
    assert (said.code, said.out) == (1, b"")
    assert "The table files.orders (one of orders/) can't be read: line " in said.err
    assert "of 2024-02.csv has 6 values, the first line 4." in said.err
    assert lapwing("-p", own_shop, "build").code == 1
    file.write_text(good)
    assert lapwing("-p", own_shop, *TOTAL).json["rows"] == [{"orders": ORDERS}]


def test_a_database_that_does_not_answer(lapwing: Lapwing, own_shop: Path) -> None:
    add_source(own_shop, '  far: {type: postgres, dsn: "postgresql://reader@127.0.0.1:1/shop"}')
    said = lapwing("-p", own_shop, "sql", "from far.public.things")
    assert said.code == 1
    assert "far does not answer: " in said.err
    assert "Check that it runs" in said.err
    assert "far     postgres, failed:" in lapwing("-p", own_shop, "catalog").text
    assert lapwing("-p", own_shop, "sql", "select count(*) as n from files.orders", "--json").json == [{"n": ORDERS}]


def test_a_wrong_password_is_never_shown(
    lapwing: Lapwing, own_shop: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("drop role if exists shopkeeper")
        connection.execute("create role shopkeeper login password 'the-right-one'")
        address = f"{connection.info.host}:{connection.info.port}"
    monkeypatch.setenv("SHOP_DSN", f"postgresql://shopkeeper:{WRONG}@{address}/postgres")
    add_source(own_shop, "  far: {type: postgres, dsn: '${SHOP_DSN}'}")
    for asked in (("sql", "from far.public.things"), ("check",), ("catalog",), ("catalog", "--json")):
        said = lapwing("-p", own_shop, *asked)
        assert WRONG not in said.text + said.err
    monkeypatch.delenv("SHOP_DSN")
    assert "SHOP_DSN" in lapwing("-p", own_shop, "sql", "from far.public.things").err


def test_empty_data(lapwing: Lapwing, own_shop: Path) -> None:
    for file in (own_shop / "data" / "orders").iterdir():
        file.write_text("at,shop,town,amount\n")
    assert lapwing("-p", own_shop, "build").code in (0, 1)
    said = lapwing("-p", own_shop, "sql", "select count(*) as n from files.orders", "--json")
    assert said.json == [{"n": 0}]
    asked = lapwing("-p", own_shop, "query", "--metrics", "orders,return_rate")
    assert asked.code in (0, 1)


def test_a_share_of_nothing_is_null(lapwing: Lapwing, shop: Path) -> None:
    asked = ("--metrics", "return_rate", "--where", "shop = 'none'", "--json")
    assert lapwing("-p", shop, "query", *asked).json["rows"] in ([], [{"return_rate": None}])


def test_a_store_written_by_a_newer_version(lapwing: Lapwing, own_shop: Path) -> None:
    # By a process of its own: this one keeps what it has once opened.
    subprocess.run([COMMAND, "-p", own_shop, "build"], check=True, capture_output=True)
    store = own_shop / ".lapwing" / "store"
    with lmdb.open(str(store), max_dbs=4) as environment, environment.begin(write=True) as change:
        known = {bytes(key): bytes(value) for key, value in change.cursor() if b"format" in bytes(key)}
        assert known, "the store says its format"
        for key in known:
            change.put(key, b"999")
    said = lapwing("-p", own_shop, "build")
    assert said.code == 1
    assert "newer" in said.err
    total = lapwing("-p", own_shop, *TOTAL).json
    assert [row["orders"] for row in total["rows"]] == [ORDERS]  # the source answers
    assert "newer" in json.dumps(total["receipt"]["considered"])
    assert lapwing("-p", own_shop, "sql", "select count(*) as n from files.orders", "--json").json == [{"n": ORDERS}]


def test_a_full_disk_while_building(own_shop: Path, lapwing: Lapwing) -> None:
    assert lapwing("-p", own_shop, "build", "--json").code == 0
    more = own_shop / "data" / "orders" / "2024-02.csv"
    more.write_text(more.read_text() + "2024-02-10T12:00:00,a,Wien,1.50\n")

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(
        [COMMAND, "-p", own_shop, "build"], preexec_fn=small_files, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "store" in done.stderr
    assert lapwing("-p", own_shop, *TOTAL).json["rows"] == [{"orders": ORDERS}]
    assert lapwing("-p", own_shop, "build", "--json").code == 0
    assert lapwing("-p", own_shop, *TOTAL).json["rows"] == [{"orders": ORDERS + 1}]


def test_no_space_for_the_answers_file(shop: Path, tmp_path: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    out = tmp_path / "rows.csv"
    command: list[str | Path] = [COMMAND, "-p", shop, "sql", "select i from range(100000) numbers(i)", "--out", out]
    done = subprocess.run(command, preexec_fn=small_files, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{out} can't be written: File too large." in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_store_where_a_file_is_in_the_way(lapwing: Lapwing, own_shop: Path) -> None:
    (own_shop / ".lapwing").write_text("in the way")
    said = lapwing("-p", own_shop, "build")
    assert said.code == 1
    assert ".lapwing" in said.err
    assert lapwing("-p", own_shop, "sql", "select 1 as one", "--json").json == [{"one": 1}]


def test_a_store_on_a_file_system_that_only_reads(own_shop: Path) -> None:
    subprocess.run([COMMAND, "-p", own_shop, "build"], check=True, capture_output=True)
    store = own_shop / ".lapwing"
    frozen = f"mount --bind {store} {store} && mount -o remount,ro,bind {store}"
    if subprocess.run(["unshare", "-m", "sh", "-c", frozen], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting read-only needs root")

    def said(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = " ".join([str(COMMAND), "-p", str(own_shop), *arguments])
        run = ["unshare", "-m", "sh", "-c", f"{frozen} && exec {command}"]
        return subprocess.run(run, capture_output=True, text=True, check=False)

    built = said("build", "--full")
    assert (built.returncode, built.stdout) == (1, "")
    assert "The rollup store can't be written" in built.stderr
    assert "Traceback" not in built.stderr
    asked = said(*TOTAL)
    assert json.loads(asked.stdout)["rows"] == [{"orders": ORDERS}]
