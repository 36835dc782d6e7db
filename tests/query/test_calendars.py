"""Fiscal years and ISO weeks in questions: rollups and the source agree, and the buckets are the project's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.cache.project import PROJECT, row, write_project, write_rows

from lapwing.model.grain import Grain
from lapwing.model.problem import ModelError
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

START = datetime.fromisoformat("2012-01-01T12:00")
DAYS = MetricQuery(metrics=("trips",), grain=Grain.parse("fiscal_year"), zone="America/New_York")


@pytest.fixture(scope="module")
def lapwing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lapwing]:
    root = tmp_path_factory.mktemp("calendars")
    write_project(root, project=f"{PROJECT}week_start: sunday\nfiscal_year: {{starts: february}}\n")
    write_rows(root, "all", [row(START + timedelta(days=day)) for day in range(450)])
    with Lapwing.open(root) as opened:
        opened.cache.build()
        yield opened


def test_fiscal_years_begin_when_the_project_says(lapwing: Lapwing) -> None:
    answer = lapwing.answer(DAYS)
    assert [piece.by for piece in answer.receipt.pieces] == ["rollup"]
    assert [str(moment)[:10] for moment in answer.table.column("time").to_pylist()] == [
        "2011-02-01",
        "2012-02-01",
        "2013-02-01",
    ]
    assert answer.table.column("trips").to_pylist() == [31, 366, 53]
    assert answer.receipt.grain == "fiscal_year"


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize("grain", ["fiscal_year", "fiscal_quarter", "iso_week", "week"])
def test_rollups_and_the_source_agree(lapwing: Lapwing, grain: str, zone: str) -> None:
    asked = replace(DAYS, grain=Grain.parse(grain), zone=zone, by=("shop",))
    cached = lapwing.answer(asked)
    assert {piece.by for piece in cached.receipt.pieces} == {"rollup"}
    assert cached.table.equals(lapwing.answer(replace(asked, wishes=Wishes(cache=False))).table)


def test_iso_weeks_begin_on_monday_whatever_weeks_do(lapwing: Lapwing) -> None:
    for grain, day in (("iso_week", 0), ("week", 6)):
        times = lapwing.answer(replace(DAYS, grain=Grain.parse(grain))).table.column("time").to_pylist()
        assert {moment.weekday() for moment in times} == {day}


def test_a_fiscal_year_by_name(lapwing: Lapwing) -> None:
    answer = lapwing.answer(replace(DAYS, grain=None, start="FY2013", end="FY2014"))
    assert answer.table.column("trips").to_pylist() == [366]
    assert answer.receipt.start == "2012-02-01T05:00:00Z"


def test_local_mean_time_is_refused_by_the_rollup_and_answered_by_the_source(lapwing: Lapwing) -> None:
    old = replace(DAYS, grain=Grain.parse("year"), start="1880", end="1890", zone="Europe/Amsterdam")
    explained = lapwing.explain(old)
    grains = [reason for one in explained.considered for reason in one.reasons if reason.check == "grain"]
    assert grains
    assert not any(reason.passed for reason in grains)
    assert "is not one of its buckets" in grains[0].says
    assert {piece.by for piece in explained.pieces} == {"rollup", "source"}
    assert lapwing.answer(old).table.column("trips").null_count == 10


@pytest.mark.parametrize("starts", ["aprill", "13-01", "02-30", "4"])
def test_a_start_that_is_no_day_is_told(tmp_path_factory: pytest.TempPathFactory, starts: str) -> None:
    root = tmp_path_factory.mktemp("wrong")
    write_project(root, project=f'{PROJECT}fiscal_year: {{starts: "{starts}"}}\n')
    with pytest.raises(ModelError, match="A fiscal year starts on a day of a month"):
        Lapwing.open(root)
