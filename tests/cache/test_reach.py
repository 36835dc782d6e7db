"""Times that stand for "none" or "for ever": what is asked without a range has all rows, and a build says what is wrong."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, WrongUse
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

PROJECT = "name: far\nnow: 2025-06-01\ntimezone: %s\nsources: {files: {type: files, path: data}}\n"
DATASET = """
dataset: orders
table: files.orders
time: {column: at%s}
complete_after: 0 hours
dimensions: {shop: {}}
measures: {orders: {count: "*"}}
rollups: {main: {grain: day, dimensions: [shop], partition: %s}}
"""
NAIVE, ZONED, DATE = "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE"
FAR = [
    "0001-01-01",
    "9999-12-31",
    "9999-12-31 23:59:59.999999",
    "1000-06-01 12:00:00",
    "0044-03-15 (BC)",
    "10000-01-01",
    "infinity",
    "-infinity",
]
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati"]


def project(root: Path, times: list[str], kind: str = NAIVE, zone: str = "UTC", partition: str = "month") -> Lapwing:
    """Rows of two shops at `times`."""
    (root / "data").mkdir(parents=True)
    (root / "datasets").mkdir()
    (root / "lapwing.yaml").write_text(PROJECT % zone)
    naive = "" if kind == ZONED else f", timezone: {zone}"
    (root / "datasets" / "orders.yaml").write_text(DATASET % (naive, partition))
    write(root, [f"{kind} '{time}{'+00' if kind == ZONED and ':' in time else ''}'" for time in times])
    return Lapwing.open(root)


def write(root: Path, times: list[str]) -> None:
    values = ", ".join(f"({time}, '{'ab'[i % 2]}')" for i, time in enumerate(times))
    duckdb.execute(f"COPY (SELECT * FROM (VALUES {values}) t(\"at\", shop)) TO '{root / 'data' / 'orders.parquet'}'")


def ask(lapwing: Lapwing, **query: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = lapwing.answer(MetricQuery(metrics=("orders",), **query)).table.to_pylist()  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("kind", [NAIVE, ZONED, DATE])
def test_without_a_range_every_row_is_counted(tmp_path: Path, far: str, kind: str) -> None:
    for zone in ("UTC", "America/New_York", "Europe/Berlin"):
        times = ["2025-01-01", "2025-01-02", far.split()[0] if kind == DATE and "BC" not in far else far]
        with project(tmp_path / zone, times, kind, zone) as lapwing:
            assert ask(lapwing) == [{"orders": 3}], zone
            assert ask(lapwing, by=("shop",)) == [{"shop": "a", "orders": 2}, {"shop": "b", "orders": 1}], zone


@pytest.mark.parametrize("zone", ZONES)
def test_a_range_has_the_rows_inside(tmp_path: Path, zone: str) -> None:
    with project(
        tmp_path, ["0001-01-01", "2025-01-01", "2025-01-02", "2025-01-02 23:59:59", "9999-12-31"], NAIVE, zone
    ) as lapwing:
        assert ask(lapwing, start="2025-01-01") == [{"orders": 4}]
        assert ask(lapwing, end="2025-01-02") == [{"orders": 2}]
        days = ask(lapwing, start="2025-01-01", end="2025-01-04", grain=Grain.parse("day"))
        assert [day["orders"] for day in days] == [1, 2, 0]


def test_a_grain_over_ages_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with project(tmp_path, ["2025-01-01", "9999-12-31"]) as lapwing, pytest.raises(WrongUse) as caught:
        ask(lapwing, grain=Grain.parse("year"), start="2025-01-01")
    problem = caught.value.problems[0]
    assert "orders (column at) run from 2025-01-01 00:00:00 to 9999-12-31 00:00:00" in problem.message
    assert "0 lie before 1900 and 1 after 2099" in problem.message
    assert "nullif" in str(problem.hint)


@pytest.mark.parametrize("far", [far for far in FAR if not far.startswith("1000-")])  # those months can be built
def test_a_build_says_which_rows_are_in_the_way(tmp_path: Path, far: str) -> None:
    with project(tmp_path, ["2025-01-01", "2025-01-02", far]) as lapwing:
        ((problem,),) = [one.problems for one in lapwing.cache.build().failed]
        assert "partitions of one month" in problem.message
        assert "of 3 rows, 1 lie" in problem.message or "0 lie before 1900 and 1 after 2099" in problem.message
        assert str(problem.place).endswith("orders.yaml:4:1 time")


def test_what_was_built_before_stays_readable(tmp_path: Path) -> None:
    with project(tmp_path, ["2025-01-01", "2025-01-02"]) as lapwing:
        lapwing.cache.build().checked()
        write(tmp_path, ["TIMESTAMP '9999-12-31'"])
        with pytest.raises(LapwingError, match="9999-12-31"):
            lapwing.cache.build().checked()
        answer = lapwing.answer(MetricQuery(metrics=("orders",), start="2025-01-01", end="2025-01-03"))
        assert answer.table.to_pylist() == [{"orders": 2}]
        assert [piece.by for piece in answer.receipt.pieces] == ["rollup"]


def test_centuries_are_built_by_the_year(tmp_path: Path) -> None:
    with project(tmp_path, ["1850-07-01", "2025-01-01 00:30:00"], zone="Europe/Berlin", partition="year") as lapwing:
        lapwing.cache.build().checked()
        cached = lapwing.answer(MetricQuery(metrics=("orders",), zone="UTC"))
        direct = lapwing.answer(MetricQuery(metrics=("orders",), zone="UTC", wishes=Wishes(cache=False)))
        assert [piece.by for piece in cached.receipt.pieces] == ["rollup"]
        assert cached.table.to_pylist() == direct.table.to_pylist() == [{"orders": 2}]
        assert str(cached.receipt.start).startswith("1850-06-30")
