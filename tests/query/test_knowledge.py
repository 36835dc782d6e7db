"""What was known at a moment, and what has been restated since."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cache.project import IN_UTC, row, write_project, write_rows
from tests.cache.test_build import SMALL, moment

from lapwing.cache.history import Target
from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, NotFound, Refused, WrongUse
from lapwing.query.ask import MetricQuery, Order, SqlQuery, Wishes
from lapwing.query.service import Lapwing

MONTHS = MetricQuery(metrics=("trips", "miles"), grain=Grain.parse("month"), start="2013-01", end="2013-04")


def write(root: Path, month: int, shops: str) -> None:
    """One row for each letter, a day after the other."""
    time.sleep(0.01)
    write_rows(root, f"2013-{month:02}", [row(moment(month, 2 + i), shop) for i, shop in enumerate(shops)])
    time.sleep(0.01)


def now() -> str:
    time.sleep(0.01)
    said = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    return said


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=SMALL, project=IN_UTC.replace("{versions: 0}", "{keep: 30 days, versions: 5}"))
    for month in (1, 2, 3):
        write(tmp_path, month, "aab")
    return tmp_path


def trips(lapwing: Lapwing, at: str | None, **more: object) -> list[int]:
    asked = dataclasses.replace(MONTHS, as_known_at=at, **more)  # type: ignore[arg-type]
    answer = lapwing.answer(asked)
    if at is not None:
        assert {piece.by for piece in answer.receipt.pieces} == {"rollup"}
        assert answer.receipt.as_known_at is not None
    found: list[int] = answer.table.column("trips").to_pylist()
    return found


def test_each_moment_has_the_answer_it_had(root: Path) -> None:
    moments: list[str] = []
    answers: list[list[int]] = []
    with Lapwing.open(root) as lapwing:
        for month, shops in ((1, "aab"), (2, "a"), (3, "abbbb"), (2, "bbbbbb")):
            write(root, month, shops)
            lapwing.cache.build().checked()
            answers.append(trips(lapwing, None))
            moments.append(now())
        assert answers == [[3, 3, 3], [3, 1, 3], [3, 1, 5], [3, 6, 5]]
        assert [trips(lapwing, at) for at in moments] == answers
        assert trips(lapwing, "now") == answers[-1]
        lapwing.cache.upkeep.roll_back("trips", Target(), 1_359_676_800_000_000, 1_359_676_800_000_001)
        assert trips(lapwing, None) == [3, 1, 5]
        assert [trips(lapwing, at) for at in moments] == answers


def test_how_far_the_data_reached_then(root: Path) -> None:
    """A stretch that was not built or not complete then is null, and told as missing."""
    (root / "data" / "trips" / "2013-03.parquet").unlink()
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        then = now()
        write(root, 3, "aaaa")
        lapwing.cache.build().checked()
        assert trips(lapwing, None) == [3, 3, 4]
        answer = lapwing.answer(MetricQuery(metrics=("trips",), as_known_at=then))
        assert answer.table.to_pylist() == [{"trips": 6}]
        assert str(answer.receipt.data_until).startswith("2013-02-04")
        assert lapwing.answer(MetricQuery(metrics=("trips",))).table.to_pylist() == [{"trips": 10}]
        assert trips(lapwing, then) == [3, 3, None]


def test_what_is_not_remembered_is_refused_from_when_on_it_is(root: Path) -> None:
    before = now()
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        first = now()
        for shops in ("a", "aa", "aaa"):
            write(root, 2, shops)
            lapwing.cache.build().checked()
        last = now()
        with pytest.raises(Refused, match=r"remembered from 2\d\d\d-.* on") as caught:
            trips(lapwing, before)
        assert "history" in str(caught.value)
        assert trips(lapwing, first)[1] == 3
    (root / "lapwing.yaml").write_text(IN_UTC.replace("{versions: 0}", "{keep: 30 days, versions: 1}"))
    with Lapwing.open(root) as lapwing:
        lapwing.cache._builds._grace = 0.0
        lapwing.cache.build().checked()
        with pytest.raises(Refused, match="can't be told"):
            trips(lapwing, first)
        assert trips(lapwing, last)[1] == 3
        assert trips(lapwing, first, start="2013-01", end="2013-02", zone="UTC") == [
            3
        ]  # of January nothing was forgotten


def test_what_only_the_source_can_answer_is_refused(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        then = now()
        with pytest.raises(Refused, match="does not keep size"):
            lapwing.answer(MetricQuery(metrics=("trips",), by=("size",), as_known_at=then))
        with pytest.raises(WrongUse, match="source can't tell"):
            lapwing.answer(MetricQuery(metrics=("trips",), as_known_at=then, wishes=Wishes(cache=False)))
        with pytest.raises(WrongUse, match="not known yet"):
            lapwing.answer(MetricQuery(metrics=("trips",), as_known_at="2999-01-01"))
        with pytest.raises(WrongUse):
            lapwing.answer(MetricQuery(metrics=("trips",), as_known_at="yesteryear"))


def test_restated(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        then = now()
        write(root, 2, "acc")
        lapwing.cache.build().checked()
        query = MetricQuery(metrics=("trips",), by=("shop",), restated_since=then)
        answer = lapwing.answer(query)
        assert answer.table.to_pylist() == [
            {"shop": "a", "trips": 5, "trips_before": 6, "trips_restated": -1},
            {"shop": "b", "trips": 2, "trips_before": 3, "trips_restated": -1},
            {"shop": "c", "trips": 2, "trips_before": 0, "trips_restated": 2},
        ]
        assert any("trips_before" in note or "_before" in note for note in answer.receipt.notes)
        query = MetricQuery(
            metrics=("trips", "miles"),
            by=("shop",),
            grain=Grain.parse("month"),
            start="2013-01",
            end="2013-03",
            restated_since=then,
            order=(Order(name="trips_restated", descending=True),),
            limit=2,
        )
        rows = lapwing.answer(query).table.to_pylist()
        assert [(one["shop"], one["trips"], one["trips_before"], one["trips_restated"]) for one in rows] == [
            ("c", 2, 0, 2),
            ("a", 2, 2, 0),
        ]
        assert [one["miles_restated"] for one in rows] == [20, 0]
        total = lapwing.answer(MetricQuery(metrics=("trips",), restated_since=then)).table.to_pylist()
        assert total == [{"trips": 9, "trips_before": 9, "trips_restated": 0}]
        with pytest.raises(NotFound, match="trips_restated"):
            lapwing.answer(MetricQuery(metrics=("trips",), restated_since=then, order=(Order(name="trips_restatd"),)))
        with pytest.raises(LapwingError):
            lapwing.answer(MetricQuery(metrics=("trips",), restated_since="2001-01-01"))


def test_in_sql_two_moments_stand_side_by_side(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        lapwing.cache.build().checked()
        then = now()
        write(root, 2, "bbbbb")
        lapwing.cache.build().checked()
        text = f"""
            select n.shop, n.trips, t.trips as before
            from (select shop, trips from metrics.trips) n
            left join (select shop, trips from metrics.trips x at (timestamp => '{then}')) t using (shop)
            order by 1"""
        answer = lapwing.run_sql(SqlQuery(text=text))
        assert answer.table().to_pylist() == [
            {"shop": "a", "trips": 4, "before": 6},
            {"shop": "b", "trips": 7, "before": 3},
        ]
        assert [piece.by for piece in answer.receipt().pieces] == ["rollup", "rollup"]
        for wrong, says in (
            ("select count(*) from files.trips at (timestamp => '2013-01-01')", "read as it is now"),
            ("select trips from metrics.trips at (timestamp => now())", "written out"),
            ("select trips from metrics.trips at (version => 3)", "written out"),
            ("select trips from metrics.trips at (timestamp => '2999-01-01')", "not known yet"),
        ):
            with pytest.raises(LapwingError, match=says):
                lapwing.run_sql(SqlQuery(text=wrong))
