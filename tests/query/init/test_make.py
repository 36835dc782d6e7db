"""What is refused, what is never written, and projects of several tables."""

from __future__ import annotations

import re
import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psycopg
import pyarrow as pa
import pytest
from tests.flights import COMMAND
from tests.services.base import free_port
from tests.services.iceberg_rest import iceberg_rest
from tests.sources.bigquery_emulator import bigquery_tables
from tests.sources.worlds import mariadb_connection, mariadb_database, storage_of, store

from lapwing.model.problem import Conflict, LapwingError, NotFound, Refused, SourceError, WrongUse
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.init import init
from lapwing.query.service import Lapwing

DATES = "at,v,kind\n" + "".join(f"2024-03-{day:02d},{day},k{day % 3}\n" for day in range(1, 29))


def refused(tmp_path: Path, name: str, content: str | bytes) -> LapwingError:
    """The error for a file with that content; nothing is left behind."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(LapwingError) as caught:
        init(tmp_path / "p", str(path))
    assert not (tmp_path / "p").exists()
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "kind", "code", "says"),
    [
        ("a.csv", "v,kind\n1,x\n2,y\n", Refused, "no-time", r"files\.a has no time column, only v \(BIGINT\), kind"),
        ("a.csv", "", Refused, "no-rows", r"There are no rows in files\.a"),
        ("a.csv", "at,v\n", Refused, "no-rows", r"There are no rows in files\.a"),
        (
            "a.csv",
            "at,v\n2024-01-01,1\n2024-01-02,1,2,3\nx\n" * 9,
            SourceError,
            "unreadable-file",
            "line 3 of a.csv has 4",
        ),
        ("a.csv", "zeit,name\n2024-03-01,Größe\n".encode("latin-1") * 9, SourceError, "unreadable-file", "UTF-8|utf-8"),
        ("a.parquet", "this is no Parquet", SourceError, "unreadable-file", r"files\.a \(a\.parquet\) can't be read"),
        ("a.jsonl", '{"a": 1}\n{"a": \n', SourceError, "unreadable-file", r"files\.a \(a\.jsonl\) can't be read"),
        ("a.xlsx", "PK", WrongUse, "unknown-origin", r"a\.xlsx is of no kind that can be read"),
        ("a.db", b"SQLite format 3\0" + b"x" * 99, SourceError, None, "."),
    ],
)
def test_what_cannot_be_read(
    tmp_path: Path, name: str, content: str | bytes, kind: type[LapwingError], code: str | None, says: str
) -> None:
    error = refused(tmp_path, name, content)
    assert isinstance(error, kind)
    problem = error.problems[0]
    assert code in (None, problem.code)
    assert re.search(says, problem.message)
    assert problem.hint or kind is SourceError
    assert "\n" not in problem.message


def test_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no file or folder .*orders\.csv"):
        init(tmp_path / "p", str(tmp_path / "orders.csv"))
    with pytest.raises(WrongUse, match="az:// can't be read yet"):
        init(tmp_path / "p", "az://bucket/orders.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="There is no table in it"):
        init(tmp_path / "p", str(tmp_path / "empty"))
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("taken", ["lapwing.yaml", "datasets/mine.yaml"])
def test_a_project_is_never_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / "a.csv").write_text(DATES)
    mine = tmp_path / "p" / taken
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(Conflict, match="already"):
        init(tmp_path / "p", str(tmp_path / "a.csv"))
    assert mine.read_text() == "mine"
    assert [path.name for path in (tmp_path / "p").rglob("*") if path.is_file()] == [mine.name]


def test_beside_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "a.csv").write_text(DATES)
    (folder / ".gitignore").write_text("*.log\n")
    made = init(folder, str(folder / "a.csv"))
    assert (folder / ".gitignore").read_text().startswith("*.log\n")
    assert ".lapwing/" in (folder / ".gitignore").read_text()
    assert "path: a.csv" in (folder / "lapwing.yaml").read_text()
    assert (made.metric, made.grain) == ("a", "day")


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    data = tmp_path / "shop"
    (data / "parts").mkdir(parents=True)
    (data / "orders.csv").write_text(DATES)
    (data / "notes.txt").write_text("no data")
    (data / "people.csv").write_text("name,age\nx,3\n")
    (data / "none.csv").write_text("")
    for month in (1, 2):
        (data / "parts" / f"{month}.csv").write_text(DATES.replace("2024-03", f"2024-0{month}"))
    with duckdb.connect() as con:
        con.execute(f"copy (select timestamp '2024-01-01' as at from range(9)) to '{data}/clicks.parquet'")
    made = init(tmp_path / "p", str(data))
    with Lapwing.open(tmp_path / "p") as lapwing:
        assert lapwing.check() == ()
        assert {name: dataset.table for name, dataset in lapwing.project.datasets.items()} == {
            "clicks": "files.clicks",
            "orders": "files.orders",
            "parts": "files.parts",
        }
    assert "left out files.people: it has no time column" in made.says
    assert "left out files.none: it has no rows" in made.says
    assert made.metric == "parts.parts"  # the largest


@pytest.mark.parametrize("origin", ["data", "data/flights/2013-02.parquet", "data/weather.duckdb"])
def test_the_flights(flights_project: Path, tmp_path: Path, origin: str) -> None:
    init(tmp_path / "p", str(flights_project / origin))
    with Lapwing.open(tmp_path / "p") as lapwing:
        assert lapwing.check() == ()
        for dataset in lapwing.project.datasets.values():
            assert dataset.time.column in ("scheduled", "time_hour")
            assert {"origin"} <= set(dataset.dimensions)


def test_tables_without_any_time(flights_project: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        init(tmp_path / "p", str(flights_project / "data" / "airline.db"))
    tables = [problem.message.split(" has ")[0].rpartition(".")[2] for problem in caught.value.problems]
    assert tables == ["airports", "airlines"]


def test_postgres_and_its_password(postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as server:
        server.execute("create schema init_shop")
        server.execute(
            "create table init_shop.orders as select timestamptz '2024-01-01 00:00Z' + i * interval '1 hour' as at, "
            "i * 1.25 as amount, 'k' || i % 3 as kind, i % 2 = 0 as paid, 'infinity'::timestamp as until "
            "from generate_series(0, 999) i"
        )
        server.execute("drop role if exists init_reader")
        server.execute("create role init_reader login password 'hunter2'")
        server.execute("grant usage on schema init_shop to init_reader")
        server.execute("grant select on init_shop.orders to init_reader")
    address = urlsplit(postgres_dsn)
    host = address.netloc.rpartition("@")[2]
    dsn = f"postgresql://init_reader:hunter2@{host}{address.path}{'?' + address.query if address.query else ''}"
    try:
        made = init(tmp_path / "p", dsn)
        written = "".join(path.read_text() for path in (tmp_path / "p").rglob("*") if path.is_file())
        assert "hunter2" not in written
        assert "hunter2" not in str(made.as_dict())
        ((variable, hidden),) = made.environ.items()
        assert f'dsn: "${{{variable}}}"' in written
        assert ":PASSWORD@" in hidden
        monkeypatch.setenv(variable, dsn)
        with Lapwing.open(tmp_path / "p") as lapwing:
            assert lapwing.check() == ()
            orders = lapwing.project.datasets["orders"]
            assert set(orders.dimensions) == {"kind", "paid"}
            assert {"orders", "amount", "paid_rate", "amount_per_row"} <= set(orders.metrics)
    finally:
        with psycopg.connect(postgres_dsn, autocommit=True) as server:
            server.execute("drop schema init_shop cascade")
            server.execute("drop role init_reader")


def test_a_dataset_of_bigquery(bigquery_dsn: str, tmp_path: Path) -> None:
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(500)]
    orders = pa.table(
        {
            "made_at": pa.array(hours, pa.timestamp("us", "UTC")),
            "amount": pa.array([float(hour % 9) for hour in range(500)]),
            "kind": [f"k{hour % 3}" for hour in range(500)],
        }
    )
    with bigquery_tables(bigquery_dsn, {"orders": orders}) as dataset:
        init(tmp_path / "p", f"bigquery://{bigquery_dsn}/{dataset}")
        assert 'maximum_bytes_billed: "100GB"' in (tmp_path / "p" / "lapwing.yaml").read_text()
        with Lapwing.open(tmp_path / "p") as lapwing:
            assert lapwing.check() == ()
            made = lapwing.project.datasets["orders"]
            assert (made.time.column, set(made.dimensions)) == ("made_at", {"kind"})
            answer = lapwing.answer(MetricQuery(metrics=("orders", "amount")))
            assert answer.table.to_pylist() == [{"orders": 500, "amount": sum(orders.column("amount").to_pylist())}]


@pytest.mark.parametrize("named", ["delta folder", "delta table", "iceberg folder", "metadata", "catalog", "http"])
def test_tables_of_a_lake(named: str, tmp_path: Path) -> None:
    from deltalake import write_deltalake
    from pyiceberg.catalog import load_catalog

    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(500)]
    amounts = [float(hour % 9) for hour in range(500)]
    orders = pa.table(
        {
            "made_at": pa.array(hours, pa.timestamp("us", "UTC")),
            "amount": pa.array(amounts),
            "kind": [f"k{hour % 3}" for hour in range(500)],
        }
    )
    lake = tmp_path / "lake"
    if named.startswith("delta"):
        write_deltalake(lake / "orders", orders)
    else:
        lake.mkdir()
        catalog = load_catalog("prod", type="sql", uri=f"sqlite:///{lake}/c.db", warehouse=f"file://{lake}/data")
        catalog.create_namespace("shop")
        catalog.create_table("shop.orders", orders.schema).append(orders)
    with ExitStack() as open_meanwhile:
        origin = {
            "delta folder": lambda: str(lake),
            "delta table": lambda: str(lake / "orders"),
            "iceberg folder": lambda: str(lake / "data"),
            "metadata": lambda: str(max((lake / "data/shop/orders/metadata").glob("*.metadata.json"))),
            "catalog": lambda: str(lake / "c.db"),
            "http": lambda: f"iceberg+{open_meanwhile.enter_context(iceberg_rest(catalog, None))}",
        }[named]()
        init(tmp_path / "p", origin)
        with Lapwing.open(tmp_path / "p") as lapwing:
            assert lapwing.check() == ()
            made = lapwing.project.datasets["orders"]
            assert (made.time.column, set(made.dimensions)) == ("made_at", {"kind"})
            answer = lapwing.answer(MetricQuery(metrics=("orders", "amount")))
            assert answer.table.to_pylist() == [{"orders": 500, "amount": sum(amounts)}]


def test_files_in_object_storage(tmp_path: Path, s3_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(500)]
    orders = pa.table(
        {"made_at": pa.array(hours, pa.timestamp("us", "UTC")), "kind": [f"k{n % 3}" for n in range(500)]}
    )
    store("s3://files/init/orders/a.parquet", storage_of("s3", s3_dsn), orders)
    settings = {"AWS_ENDPOINT_URL": s3_dsn, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in {**settings, "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    init(tmp_path / "p", "s3://files/init")
    with Lapwing.open(tmp_path / "p") as lapwing:
        assert lapwing.check() == ()
        answer = lapwing.answer(MetricQuery(metrics=("orders",)))
        assert answer.table.to_pylist() == [{"orders": 500}]


@pytest.mark.parametrize("text", ["bigquery://", "bigquery://project", "bigquery://p/d/table"])
def test_what_names_no_dataset_of_bigquery(text: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="names no dataset") as error:
        init(tmp_path / "p", text)
    assert "bigquery://PROJECT/DATASET" in (error.value.problems[0].hint or "")


def test_the_command_and_what_it_says_next(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(DATES)

    def lapwing(*arguments: str) -> str:
        done = subprocess.run([COMMAND, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout

    said = lapwing("init", "shop", "--from", "orders.csv")
    following = [line.split()[1:] for line in said.partition("Next:\n")[2].splitlines()]
    assert [words[2] for words in following] == ["check", "build", "query", "serve"]
    for words in following[:3]:
        assert lapwing(*words)
    port = str(free_port())
    with subprocess.Popen(
        [COMMAND, *following[3], "--port", port],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout
        line = server.stdout.readline()
        server.terminate()
    assert port in line


def test_mariadb_and_its_password(mariadb_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = mariadb_database(mariadb_dsn)
    with mariadb_connection(dsn) as server, server.cursor() as cursor:
        cursor.execute(
            "create table orders (at timestamp(6) not null, amount decimal(12,2), kind varchar(9), paid boolean) "
            "select timestamp '2024-01-01 00:00:00' + interval seq hour as at, seq * 1.25 as amount, "
            "concat('k', seq % 3) as kind, seq % 2 = 0 as paid from seq_0_to_999"
        )
    made = init(tmp_path / "p", dsn)
    password = urlsplit(dsn).password
    assert password
    written = "".join(path.read_text() for path in (tmp_path / "p").rglob("*") if path.is_file())
    assert password not in written
    assert password not in str(made.as_dict())
    ((variable, hidden),) = made.environ.items()
    assert f'dsn: "${{{variable}}}"' in written
    assert ":PASSWORD@" in hidden
    monkeypatch.setenv(variable, dsn)
    with Lapwing.open(tmp_path / "p") as lapwing:
        assert lapwing.check() == ()
        orders = lapwing.project.datasets["orders"]
        assert set(orders.dimensions) == {"kind", "paid"}
        assert {"orders", "amount", "paid_rate"} <= set(orders.metrics)
        for builder in ("source", "duckdb"):
            lapwing.cache.build(builder=builder).checked()
            query = MetricQuery(metrics=("orders", "amount"), wishes=Wishes(cache_only=True))
            assert lapwing.answer(query).table.to_pylist() == [{"orders": 1000, "amount": Decimal("624375.00")}]
        assert lapwing.cache.build().rollups[0].built == 0
