"""lapwing sql."""

from __future__ import annotations

import io
import re
import signal
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.cli.conftest import Lapwing, process
from tests.shop import ORDERS

COUNT = "select shop, count(*) as n from files.orders group by 1 order by 1"
ODD = """select 'a' || chr(10) || 'b' as t, null::int as n, '日本' as j, [1, 2] as l, {'a': date '2024-01-01'} as s,
1.10::decimal(9, 2) as d, interval 14 month as i, 'x'::blob as b, 12345678901234567890::hugeint as h, timestamp 'infinity' as e"""


def test_a_table_is_aligned(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "sql", COUNT)
    assert (said.code, said.err) == (0, "")
    assert said.text.splitlines() == ["shop   n", "────  ──", "a     80", "b     80", "c     80"]


def test_every_type_has_a_text(lapwing: Lapwing, shop: Path) -> None:
    cells = lapwing("-p", shop, "sql", ODD).text.splitlines()[2].split("  ")
    texts = [
        "a\\nb",
        "null",
        "日本",
        "[1,2]",
        '{"a":"2024-01-01"}',
        "1.10",
        "P14M",
        "78",
        "12345678901234567890",
        "infinity",
    ]
    assert [cell.strip() for cell in cells if cell.strip()] == texts
    rows = lapwing("-p", shop, "sql", ODD, "--json").json
    assert rows[0]["l"] == [1, 2]
    assert rows[0]["h"] == "12345678901234567890"
    for form in ("csv", "parquet", "arrow"):
        assert lapwing("-p", shop, "sql", ODD, "--format", form).code == 0


def test_formats_hold_the_same(lapwing: Lapwing, shop: Path, tmp_path: Path) -> None:
    expected = [{"shop": name, "n": ORDERS // 3} for name in "abc"]
    assert lapwing("-p", shop, "sql", COUNT, "--format", "json").json == expected
    assert lapwing("-p", shop, "sql", COUNT, "--format", "csv").text == '"shop","n"\n"a",80\n"b",80\n"c",80\n'
    assert (
        pa.ipc.open_stream(lapwing("-p", shop, "sql", COUNT, "--format", "arrow").out).read_all().to_pylist()
        == expected
    )
    out = tmp_path / "answer.parquet"
    said = lapwing("-p", shop, "sql", COUNT, "--out", out)
    assert (said.code, said.out, parquet.read_table(out).to_pylist()) == (0, b"", expected)
    packed = io.BytesIO(lapwing("-p", shop, "sql", COUNT, "--format", "parquet", "--out", "-").out)
    assert parquet.read_table(packed).to_pylist() == expected


def test_columns_of_one_name_are_all_there(lapwing: Lapwing, shop: Path) -> None:
    assert lapwing("-p", shop, "sql", "select 1 as a, 2 as a", "--json").json == [{"a": 1, "a_1": 2}]


def test_metrics_are_tables_too(lapwing: Lapwing, shop: Path) -> None:
    rows = lapwing("-p", shop, "sql", "select town, orders from metrics.orders group by town order by 1", "--json").json
    assert rows == [{"town": "Köln", "orders": ORDERS // 2}, {"town": "Wien", "orders": ORDERS // 2}]


def test_explain_tells_what_each_source_is_sent(lapwing: Lapwing, shop: Path) -> None:
    text = "select country, count(*) from files.orders join places.towns using (town) where country = 'DE' group by 1"
    # --no-cache: whether a result would be kept depends on how old the files are by then
    told = lapwing("-p", shop, "sql", text, "--explain", "--no-cache").text
    assert "files.orders" in told
    assert "places.towns" in told
    assert "'DE'" in told
    assert "read_csv('data/orders/*.csv'," in told
    assert "of 3 files" in told
    assert str(shop) not in told
    said = lapwing("-p", shop, "sql", text, "--explain", "--no-cache", "--json").json
    assert said["explain"].strip() == told.strip()


def test_analyze_tells_what_happened(lapwing: Lapwing, shop: Path) -> None:
    text = "select town from places.towns where country = 'DE'"
    told = lapwing("-p", shop, "sql", text, "--analyze").text
    assert re.search(r"read 1 row \(about \d+ expected\)", told), told
    assert told.rstrip().endswith(" ms")
    said = lapwing("-p", shop, "sql", text, "--analyze", "--json").json
    (scan,) = said["plan"]["scans"]
    assert (scan["rows"], said["plan"]["ran"]["rows"]) == (1, 1)
    assert "places.towns" in said["explain"]
    before = lapwing("-p", shop, "sql", text, "--explain", "--json").json["plan"]
    assert (before["ran"], before["scans"][0]["rows"], before["scans"][0]["sql"]) == (None, None, scan["sql"])


def test_the_statement_comes_from_a_file_or_a_pipe(lapwing: Lapwing, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "count.sql"
    file.write_text(COUNT)
    expected = lapwing("-p", shop, "sql", COUNT).out
    assert lapwing("-p", shop, "sql", f"@{file}").out == expected
    piped = process("-p", shop, "sql", "-", stdin=subprocess.PIPE)
    assert piped.communicate(COUNT.encode(), 60)[0] == expected


def test_the_receipt_stands_beside_the_answer(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "sql", COUNT, "--format", "csv", "--receipt", "--no-cache")
    assert said.text.startswith('"shop","n"\n')
    assert "by source files.orders" in said.err


def test_what_was_asked_before_is_told_again(lapwing: Lapwing, shop: Path) -> None:
    asked = ("-p", shop, "sql", f"{COUNT} -- again", "--format", "csv", "--receipt", "--max-age", "1h")
    first, again = lapwing(*asked), lapwing(*asked)
    assert again.text == first.text
    assert "by kept result" in again.err
    assert lapwing("-p", shop, "sql", "select 1", "--max-age", "soon").code == 2


def test_a_closed_pipe_is_no_error(shop: Path) -> None:
    running = process("-p", shop, "sql", "select i from range(100000000000) numbers(i)", "--format", "csv")
    assert running.stdout is not None
    assert running.stdout.readline() == b'"i"\n'
    running.stdout.close()
    assert running.stderr is not None
    assert (running.wait(60), running.stderr.read()) == (0, b"")


def test_ctrl_c_stops_it(shop: Path) -> None:
    running = process("-p", shop, "sql", "select i from range(100000000000) numbers(i)", "--format", "csv")
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, b"Interrupted.\n")


def test_ctrl_c_stops_it_before_the_first_row(shop: Path) -> None:
    running = process("-p", shop, "sql", "select count(*) from range(1000000000000)")
    time.sleep(3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (130, b"", b"Interrupted.\n")


@pytest.mark.parametrize(
    ("text", "more", "code", "says"),
    [
        ("select * from files.ordrs", (), 2, "1:15: The source files has no table ordrs. Did you mean files.orders?"),
        ("select shp from files.orders", (), 2, "1:8: There is no column shp. Did you mean shop?"),
        ("selec 1", (), 2, '1:1: The statement does not parse: syntax error at or near "selec".'),
        ("drop table files.orders", (), 1, "Lapwing only reads"),
        ("", (), 1, "There is no statement here."),
        ("select 1; select 2", (), 1, "One statement at a time"),
        ("select 5 % 0", (), 2, "Division by zero in expression (5 % 0). Write nullif(divisor, 0)"),
        ("select count(*) from range(1000000000000)", ("--time-limit", "0.3"), 1, "0.3 s"),
        ("select 1", ("--tz", "Mars/X"), 2, "There is no time zone 'Mars/X'."),
        ("select 1", ("--time-limit", "0"), 2, "--time-limit: '0' is not a number of seconds above 0"),
        ("select 1", ("--out", "answer.docx"), 2, "The ending of answer.docx does not tell a format."),
        ("select 1", ("--out", "/nowhere/answer.csv"), 1, "/nowhere/answer.csv can't be written: No such file"),
        ("select 1", ("--fromat", "csv"), 2, "lapwing sql does not know --fromat. Did you mean --format"),
        ("@nothing.sql", (), 2, "nothing.sql can't be read."),
    ],
)
def test_what_can_not_be_asked(
    text: str, more: tuple[str, ...], code: int, says: str, lapwing: Lapwing, shop: Path
) -> None:
    said = lapwing("-p", shop, "sql", text, *more)
    assert (said.code, said.out) == (code, b"")
    assert says in said.err


def test_a_failed_statement_leaves_the_file_as_it_was(lapwing: Lapwing, shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer.csv"
    out.write_text("the last answer\n")
    text = "select case when i < 300000 then i else cast('x' || i as integer) end from range(400000) numbers(i)"
    assert lapwing("-p", shop, "sql", text, "--out", out).code == 2
    assert out.read_text() == "the last answer\n"
    assert list(tmp_path.iterdir()) == [out]


def test_kept_results_are_listed_and_removed(lapwing: Lapwing, shop: Path) -> None:
    lapwing("-p", shop, "sql", "select 7 as listed")
    assert "select 7 as listed" in lapwing("-p", shop, "results", "list").text
    assert "were removed" in lapwing("-p", shop, "results", "empty").text
    assert lapwing("-p", shop, "results", "list", "--json").json["entries"] == 0


def test_a_result_larger_than_wished_is_an_error(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "sql", COUNT, "--maximum-rows", "2")
    assert said.code == 1
    assert "more than 2 rows" in said.err
    assert lapwing("-p", shop, "sql", COUNT, "--maximum-rows", "3", "--maximum-bytes", "1MB").code == 0
