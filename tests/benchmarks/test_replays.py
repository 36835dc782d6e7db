"""Alerts of whole projects against what is known of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from benchmarks.alerts import __main__ as command
from benchmarks.alerts.ads import Label, others
from benchmarks.alerts.replays import direction, replayed, slice_words
from tests.alerts.shop import write_shop

from lapwing.alerts.views.incident import IncidentSummary

START = datetime(2026, 2, 15, 11, tzinfo=UTC)
DROP = Label(
    name="drop",
    start=START,
    end=START + timedelta(hours=10),
    expected=False,
    slice={"country": "GB"},
    metrics={"requests": "down", "click_rate": "up"},
    cost=7.0,
)
SALE = replace(DROP, name="sale", expected=True, metrics={"requests": "up"})


@pytest.fixture(name="raised", scope="module")
def _raised(tmp_path_factory: pytest.TempPathFactory) -> tuple[IncidentSummary, ...]:
    """What monitors of a shop raised."""
    project = tmp_path_factory.mktemp("shop")
    write_shop(project)
    replay = replayed(project)
    assert replay.series_weeks == pytest.approx(4 * 6 + 6, abs=2)
    return replay.raised


@pytest.fixture(name="alert")
def _alert(raised: tuple[IncidentSummary, ...]) -> IncidentSummary:
    """One of requests in GB, two hours after the drop began."""
    return replace(
        raised[0],
        metric="ads.requests",
        slice={"country": "GB"},
        opened=(START + timedelta(hours=1)).isoformat(),
        known_at=(START + timedelta(hours=2)).isoformat(),
        until=(START + timedelta(hours=8)).isoformat(),
        difference=-9.0,
    )


def test_a_replay_gives_what_was_raised(raised: tuple[IncidentSummary, ...]) -> None:
    assert [one.monitor for one in raised] == ["rate_hourly", "failed_daily"]
    assert {direction(one) for one in raised} <= {"up", "down"}
    assert all(slice_words(one) for one in raised)


def test_who_finds_it(alert: IncidentSummary) -> None:
    assert DROP.is_found_by(alert)
    assert DROP.is_found_by(replace(alert, slice={}))
    assert DROP.is_found_by(replace(alert, metric="ads.click_rate", difference=0.1))


@pytest.mark.parametrize(
    "other",
    [
        {"slice": {"country": "FR"}},
        {"slice": {"advertiser": "Blue Labs"}},
        {"metric": "ads.clicks"},
        {"difference": 9.0},
        {"known_at": START.isoformat(), "opened": (START - timedelta(hours=3)).isoformat()},
        {"opened": (START + timedelta(hours=10)).isoformat()},
        {"until": START.isoformat()},
    ],
)
def test_who_does_not(alert: IncidentSummary, other: dict[str, object]) -> None:
    assert not DROP.is_found_by(replace(alert, **other))  # type: ignore[arg-type]


def test_what_else_was_raised_and_what_it_is_about(alert: IncidentSummary) -> None:
    up, late = replace(alert, difference=9.0), (START + timedelta(days=3)).isoformat()
    after, elsewhere = replace(alert, opened=late, until=late), replace(alert, slice={"country": "FR"})
    assert list(others([DROP], [alert])) == []
    assert list(others([DROP, SALE], [alert, up, after, elsewhere])) == [
        (up, "sale"),
        (after, "after drop"),
        (elsewhere, "nothing"),
    ]


def test_flights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The blizzard of February is raised, the storm of March, the day LaGuardia was closed."""
    monkeypatch.setattr("sys.argv", ["alerts", "--flights", "--json", str(tmp_path / "out.json")])
    assert command.main() == 0
    said = capsys.readouterr().out
    for known in ("Blizzard warning", "LaGuardia closed after a landing", "2013-03-06"):
        assert known in said
    assert json.loads((tmp_path / "out.json").read_text())["flights"]["raised"] > 10


@pytest.mark.long
def test_ads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute: both worlds are made, and the rollups built. What must not become worse."""
    monkeypatch.setattr("sys.argv", ["alerts", "--ads", "--small", "--json", str(tmp_path / "out.json")])
    assert command.main() == 0
    figures = json.loads((tmp_path / "out.json").read_text())["ads"]
    assert figures["incidents"] == 10
    assert figures["found"] >= 7
    assert figures["false alarms a series-week"] <= 0.012
    assert 0 < figures["lost before"] < figures["cost"]
