"""Leading indicators on the board: payments of a shop follow its orders after two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.alerts.shop import build, open_alerts

from lapwing.alerts.early.complete import DAY
from lapwing.alerts.early.unwatched import together
from lapwing.alerts.judged import judge
from lapwing.alerts.service import Alerts
from lapwing.alerts.views.incident import IncidentSummary
from lapwing.query.service import Lapwing

FIRST, DAYS, LAG = date(2024, 1, 1), 420, 2
TROUBLES = tuple(range(40, 400, 24))
"""The first days of four that orders lose nearly half on."""
NEW = 408
"""One more, of which payments know nothing yet."""
PROJECT = """
name: shop
timezone: UTC
now: {now}
sources:
  files: {{type: files, path: data}}
store: {{type: lmdb, path: .lapwing/store}}
monitors:
  paid_daily: {{metric: paid, grain: day{more}}}
"""
DATASET = """
dataset: shop
table: files.shop
time: {column: at, timezone: UTC}
complete_after: 1 hours
measures:
  orders: {sum: orders}
  paid: {sum: paid, better: up, value: 2 USD}
  visits: {sum: visits}
rollups:
  main: {grain: day, partition: month}
"""


def rows(until: int) -> pa.Table:
    """A day's row each: orders, what is paid of those of two days before, and visits that have nothing to do with either."""
    random = np.random.default_rng(8)
    health = np.ones(DAYS)
    for start in (*TROUBLES, NEW):
        health[start : start + 4] = 0.55
    noise = np.exp(0.02 * random.standard_normal((3, DAYS)))
    paid = np.concatenate([np.ones(LAG), health[:-LAG]])
    values = np.round(np.stack([2000 * health, 1800 * paid, 9000 * np.ones(DAYS)]) * noise)[:, :until]
    at = (np.datetime64(FIRST) + np.arange(until)).astype("datetime64[us]")
    return pa.table({"at": at, "orders": values[0], "paid": values[1], "visits": values[2]})


def write(root: Path, until: int, more: str = "") -> Path:
    """The project with so many days, in the night after the last."""
    (root / "datasets").mkdir(parents=True, exist_ok=True)
    (root / "data" / "shop").mkdir(parents=True, exist_ok=True)
    now = FIRST + timedelta(days=until)
    (root / "lapwing.yaml").write_text(PROJECT.format(now=f"{now}T02:00", more=more))
    (root / "datasets" / "shop.yaml").write_text(DATASET)
    pq.write_table(rows(until), root / "data" / "shop" / "all.parquet")
    build(root)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("leaders"), NEW + 1)


@pytest.fixture
def alerts(root: Path, tmp_path: Path) -> Iterator[Alerts]:
    with Lapwing.open(root) as lapwing:
        found = open_alerts(lapwing, tmp_path / "state.db")
        found.replay()
        yield found
        found.close()


def leading(found: list[IncidentSummary]) -> list[IncidentSummary]:
    return [one for one in found if one.warning is not None and one.warning.kind == "leading"]


def test_what_usually_follows_is_told_before_it_comes(alerts: Alerts) -> None:
    (one,) = leading(alerts.board().incidents)
    assert (one.metric, one.kind, one.state) == ("shop.paid", "warning", "open")
    warning = one.warning
    assert warning is not None
    assert (warning.leader, warning.leader_metric, warning.aim) == ("Orders", "shop.orders", "below")
    new = FIRST + timedelta(days=NEW)
    assert one.opened[:10] == new.isoformat()
    assert warning.expected_at is not None
    assert warning.expected_at[:10] == (new + timedelta(days=LAG)).isoformat()
    assert warning.came >= 10
    assert warning.came / warning.warnings >= 0.8
    assert warning.projected == pytest.approx(0.55 * 1800, rel=0.08)
    assert warning.goal == pytest.approx(1800, rel=0.05)
    assert warning.lower is not None
    assert warning.projected is not None
    assert warning.upper is not None
    assert warning.lower <= warning.projected <= warning.upper
    assert one.at_stake is not None
    assert one.at_stake.amount == pytest.approx(2 * 0.45 * 1800, rel=0.2)
    assert (
        f"Paid usually follows within 2 days: it did after {warning.came} of {warning.warnings} such moves"
        in warning.says
    )
    actual = [value for value in one.chart.actual if value is not None]
    assert len(one.chart.actual) - len(actual) == 7, "a week ahead is drawn"
    assert one.chart.expected[-1] == pytest.approx(0.55 * 1800, rel=0.1)


def test_when_it_comes_it_is_part_of_the_incident(root: Path, tmp_path: Path) -> None:
    later = write(tmp_path / "later", NEW + LAG + 4)
    with Lapwing.open(later) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        alerts.replay()
        (one,) = alerts.board().incidents
        view = alerts.incident(one.id)
        shown = leading(alerts.incidents(datetime(2025, 1, 1, tzinfo=UTC)))
        told = None if one.foreseen is None else alerts.incident(int(one.foreseen.id))
        alerts.close()
    assert not shown, "it is told once"
    assert (one.kind, one.metric) == ("anomaly", "shop.paid")
    assert one.foreseen is not None
    assert one.foreseen.says == "Foreseen 4 days before, when Orders moved."
    assert view.story[0].kind == "foreseen"
    assert view.summary.foreseen == one.foreseen
    assert told is not None
    assert told.summary.warning is not None
    assert told.summary.warning.says.startswith("It came: ")


def test_until_the_incident_opens_the_warning_says_that_it_came(tmp_path: Path) -> None:
    """Such troubles are known here, so that it takes days of one to be unusual."""
    root = write(tmp_path / "came", NEW + LAG + 2)
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        alerts.replay()
        (one,) = alerts.board().incidents
        alerts.close()
    assert one.kind == "warning"
    assert one.warning is not None
    assert one.warning.says.startswith("It came: ")


def test_a_monitor_may_do_without(tmp_path: Path) -> None:
    root = write(tmp_path / "off", NEW + 1, ", warnings: [drift]")
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        alerts.replay()
        assert not leading(alerts.incidents())
        assert not leading(alerts.board().incidents)
        alerts.close()


def test_with_little_past_nothing_is_said(tmp_path: Path) -> None:
    root = write(tmp_path / "young", TROUBLES[3] + 1)
    with Lapwing.open(root) as lapwing:
        alerts = open_alerts(lapwing, tmp_path / "state.db")
        alerts.replay()
        assert not leading(alerts.incidents())
        alerts.close()


def test_what_was_told_stays_told(alerts: Alerts, root: Path, tmp_path: Path) -> None:
    """With more data, a restart, and from any moment of the past."""
    before = [(one.id, one.known_at, one.warning.came) for one in leading(alerts.board().incidents) if one.warning]
    more = write(tmp_path / "more", NEW + 2)
    with Lapwing.open(more) as lapwing:
        again = open_alerts(lapwing, tmp_path / "state.db")
        again.replay()
        after = [(one.id, one.known_at, one.warning.came) for one in leading(again.board().incidents) if one.warning]
        then = datetime(2025, 2, 13, 2, tzinfo=UTC)
        past = [(one.id, one.known_at, one.warning.came) for one in leading(again.board(then).incidents) if one.warning]
        again.close()
    assert before
    assert before == after
    assert before == past


def test_metrics_that_nobody_watches_are_judged_as_those_that_somebody_does(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        found = together(lapwing, ["shop.orders", "shop.visits", "shop.paid"], DAY)
        assert [one.monitor.metric for one in found] == ["shop.orders", "shop.visits", "shop.paid"]
        alone = judge(lapwing, lapwing.project.monitors["paid_daily"])
    np.testing.assert_array_equal(found[2].borders, alone.borders)
    np.testing.assert_array_equal(found[2].actual[-1], alone.actual[-1])
    np.testing.assert_allclose(found[2].detection.score[-1], alone.detection.score[-1], rtol=1e-9)
    np.testing.assert_allclose(found[2].detection.expected[-1], alone.detection.expected[-1], rtol=1e-9)
