"""The caller's wishes: how fresh, how exact, and from where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cache.project import DATASET, row, write_project, write_rows

from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError, Refused, WrongUse
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

START = datetime.fromisoformat("2013-01-01T12:00")
QUERY = MetricQuery(metrics=("trips", "miles"), by=("shop",), grain=Grain.parse("month"))
COARSE_AND_FINE = """rollups:
  days: {grain: day, dimensions: [shop], measures: [trips, miles], partition: year}
  quarters: {grain: 15 minutes, dimensions: [shop, size], measures: [trips, miles], partition: day}
  paid: {grain: day, dimensions: [shop], measures: [paid], partition: month}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path)
    write_rows(tmp_path, "first", [row(START + timedelta(days=day), shop) for day in range(60) for shop in "ab"])
    return tmp_path


@pytest.fixture
def lapwing(root: Path) -> Iterator[Lapwing]:
    with Lapwing.open(root) as opened:
        opened.cache.build()
        yield opened


def trips(lapwing: Lapwing, query: MetricQuery) -> int:
    return sum(lapwing.answer(query).table.column("trips").drop_null().to_pylist())


def wished(query: MetricQuery = QUERY, **wishes: object) -> MetricQuery:
    return replace(query, wishes=Wishes(**wishes))  # type: ignore[arg-type]


def test_rollups_answer_as_they_were_built_unless_fresher_is_wished(root: Path, lapwing: Lapwing) -> None:
    assert trips(lapwing, QUERY) == 120
    for day in (3, 70):
        write_rows(root, f"late{day}", [row(START + timedelta(days=day), "a")])
    assert trips(lapwing, QUERY) == 120
    fresh = lapwing.answer(wished(max_staleness=0.0))
    assert sum(fresh.table.column("trips").drop_null().to_pylist()) == 122
    by_rollups = [piece for piece in fresh.receipt.pieces if piece.by == "rollup"]
    assert by_rollups, "February has not changed"
    assert not fresh.receipt.stale
    # What was found out then is told to those who do not ask for it.
    stale = lapwing.answer(QUERY).receipt.stale
    assert stale
    assert stale[0][0].startswith("2013-01-01")


def test_without_a_source_what_is_missing_is_told(root: Path, lapwing: Lapwing) -> None:
    write_rows(root, "second", [row(START + timedelta(days=70), "a")])
    odd = MetricQuery(metrics=("trips",), start="2013-01-05T00:05", end="2013-01-07", wishes=Wishes(cache_only=True))
    answer = lapwing.answer(odd)
    assert {piece.by for piece in answer.receipt.pieces} == {"rollup"}
    assert answer.receipt.partial
    assert answer.receipt.missing == (("2013-01-05T05:05:00Z", "2013-01-05T05:15:00Z"),)
    (root / "data" / "trips" / "first.parquet").rename(root / "data" / "trips" / "elsewhere")
    assert lapwing.answer(wished(cache_only=True)).table.num_rows > 0
    with pytest.raises(Refused, match="not to be asked"):
        lapwing.answer(wished(replace(odd, start="2013-01-05T00:05", end="2013-01-05T00:10"), cache_only=True))


def test_exact_refuses_what_has_a_bound(lapwing: Lapwing) -> None:
    assert trips(lapwing, wished(exact=True)) == 120
    approximate = replace(QUERY, metrics=("shops",))
    assert lapwing.answer(approximate).receipt.bounds
    with pytest.raises(Refused, match=r"trips.shops is a distinct"):
        lapwing.answer(wished(approximate, exact=True))


@pytest.mark.parametrize("wishes", [{"cache": False, "cache_only": True}, {"max_staleness": -1.0}])
def test_wishes_that_make_no_sense(lapwing: Lapwing, wishes: dict[str, object]) -> None:
    with pytest.raises(WrongUse):
        lapwing.answer(wished(QUERY, **wishes))


def test_explained_is_what_is_done(lapwing: Lapwing) -> None:
    for query in (QUERY, replace(QUERY, zone="Asia/Kathmandu"), wished(cache=False), wished(max_staleness=0.0)):
        done, explained = lapwing.answer(query).receipt, lapwing.explain(query)
        told = [(one.by, one.name, one.stretches, one.measures, one.versions) for one in explained.pieces]
        assert told == [(one.by, one.name, one.stretches, one.measures, one.versions) for one in done.pieces]
        assert [one.rollup for one in explained.considered] == [one.rollup for one in done.considered]


def test_days_from_one_rollup_and_the_ends_from_a_finer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lapwing.cache.route.WORTH_PLANNING", 0.0)
    write_project(tmp_path, dataset=DATASET[: DATASET.index("rollups:")] + COARSE_AND_FINE)
    write_rows(tmp_path, "first", [row(START + timedelta(hours=h), shop, h % 9) for h in range(2400) for shop in "ab"])
    with Lapwing.open(tmp_path) as lapwing:
        lapwing.cache.build()
        berlin = MetricQuery(
            metrics=("trips", "miles"), by=("shop",), start="2013-02", end="2013-03", zone="Europe/Berlin"
        )
        answer = lapwing.answer(berlin)
        assert {piece.name: piece.stretches for piece in answer.receipt.pieces} == {
            "trips.days": (("2013-02-01T00:00:00Z", "2013-02-28T00:00:00Z"),),
            "trips.quarters": (
                ("2013-01-31T23:00:00Z", "2013-02-01T00:00:00Z"),
                ("2013-02-28T00:00:00Z", "2013-02-28T23:00:00Z"),
            ),
        }
        assert answer.table.equals(lapwing.answer(wished(berlin, cache=False)).table)


def test_measures_of_different_rollups_meet(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=DATASET[: DATASET.index("rollups:")] + COARSE_AND_FINE)
    write_rows(tmp_path, "first", [row(START + timedelta(hours=h), shop) for h in range(500) for shop in "ab"])
    with Lapwing.open(tmp_path) as lapwing:
        lapwing.cache.build()
        both = replace(QUERY, metrics=("trips", "paid"), zone="UTC")
        answer = lapwing.answer(both)
        assert {piece.name: piece.measures for piece in answer.receipt.pieces} == {
            "trips.days": ("trips",),
            "trips.paid": ("paid",),
        }
        assert answer.table.equals(lapwing.answer(wished(both, cache=False)).table)


def test_a_source_that_is_gone_is_an_error_only_where_it_is_needed(root: Path, lapwing: Lapwing) -> None:
    (root / "data" / "trips" / "first.parquet").unlink()
    assert trips(lapwing, QUERY) == 120
    with pytest.raises(LapwingError):
        lapwing.answer(wished(max_staleness=0.0))
