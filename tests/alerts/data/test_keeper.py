"""Incidents about data from real parts: files that are replaced, a column that goes, a server that stops."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.alerts.data.feed import DATASET, HOUR, PROJECT, START, Feed, kinds, rows, usual
from tests.services.base import running
from tests.services.postgres import Postgres

from lapwing.alerts.actions import Action
from lapwing.alerts.ready.arrivals import Arrivals
from lapwing.alerts.ready.readiness import HOURLY
from lapwing.alerts.ready.readiness import Feed as OfMeasure
from lapwing.model.calendar import from_us, to_us
from lapwing.model.problem import WrongUse

US = 3_600_000_000


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    with Feed(tmp_path / "p") as found:
        yield found


@cache
def total(end: int) -> int:
    """The rows of the hour that ends then."""
    return int(rows(from_us(end - US), 1.0).num_rows)


def teach(feed: Feed, days: int = 12) -> None:
    """As if the feed had been looked at for days: half of an hour's rows at its end, all after three hours."""
    now = to_us(feed.now)
    arrivals = Arrivals.none(US)
    for at in range(now - days * 24 * US, now + 1, US // 2):
        ends = np.arange(at - 9 * 24 * US, at + 2 * US, US) // US * US
        age = np.floor((at - ends) / US)
        share = np.where(at < ends, 0.0, np.minimum(1.0, 0.5 + 0.2 * age))
        arrivals = arrivals.noted(at, ends, np.round(np.array([total(int(end)) for end in ends]) * share))
    of = OfMeasure("orders", "orders.orders", HOURLY)
    feed.alerts._state.learned.put(of.name, now, arrivals.pack())


def test_all_is_well(feed: Feed) -> None:
    teach(feed)
    for hours in (1, 2, 3):
        feed.to(START + hours * HOUR)
    assert kinds(feed.alerts) == []
    assert feed.alerts.board().troubles == []
    dataset = feed.lapwing.project.datasets["orders"]
    assert feed.alerts.data.readiness.says(dataset) == "usually 99% after 3 h"
    complete = feed.alerts.data.readiness.complete("orders")
    assert complete is not None
    assert (complete.after, complete.until) == (3 * US, to_us(START))
    feed.alerts.replay()
    judged = feed.alerts.known()[0].judged
    last = np.flatnonzero(np.isfinite(judged.amount[0]))[-1]
    assert judged.borders[last + 1] == to_us(START), "what is half there is not judged"


def test_an_hour_that_does_not_arrive_is_late_and_mended(feed: Feed) -> None:
    teach(feed)
    feed.to(START + 2 * HOUR)
    feed.share = lambda hour, age: usual(hour, age) * (0.1 if hour == START + 2 * HOUR else 1.0)
    feed.to(START + 7 * HOUR)
    assert kinds(feed.alerts) == ["late"]
    (one,) = feed.alerts.incidents(kind="data")
    assert one.data is not None
    assert one.data.start == "2026-03-02T02:00:00+00:00"
    assert "of the usual rows has arrived, usually 99% after 3 h" in one.data.says
    assert one.chart.actual
    assert one.monitor == "data:orders:late"
    with pytest.raises(WrongUse, match="does not become the normal"):
        feed.alerts.act(one.id, Action(name="accept", who="Ann"))
    assert feed.alerts.act(one.id, Action(name="acknowledge", who="Ann")).summary.acknowledged is not None
    feed.share = usual
    feed.to(START + 8 * HOUR)
    assert kinds(feed.alerts) == []
    view = feed.alerts.incident(one.id)
    assert [step.kind for step in view.story] == ["opened", "acknowledged", "resolved"]
    assert view.summary.reason == "quiet"


def test_a_metric_that_rests_on_late_data_is_not_told(feed: Feed) -> None:
    """The rows of an afternoon are lost; the money is missing, too, and that is no news of its own."""
    teach(feed)
    feed.to(START + 2 * HOUR)
    gone = {START + hours * HOUR for hours in range(3, 9)}
    feed.share = lambda hour, age: usual(hour, age) * (0.02 if hour in gone else 1.0)
    feed.to(START + 13 * HOUR)
    feed.alerts.replay()
    (metric,) = feed.alerts.incidents(state="open", kind="anomaly")
    board = feed.alerts.board()
    assert [one.kind for one in board.incidents] == ["data"]
    assert board.incidents[0].folded == 1
    assert (feed.alerts.incident(metric.id).summary.doubt or "").startswith("The data is in doubt: Mon 2 Mar")
    assert feed.alerts.data.explained([]) == frozenset()
    feed.share = usual
    feed.to(START + 14 * HOUR)
    feed.alerts.replay()
    assert feed.alerts.board().incidents == []
    assert [one.id for one in feed.alerts.incidents(state="retracted", kind="anomaly")] == [metric.id]


def test_nothing_new_is_told_by_what_the_model_says(tmp_path: Path) -> None:
    with Feed(tmp_path / "p", dataset=DATASET + "checks: {stale: 3 hours, volume: off, tags: [pipeline]}\n") as feed:
        feed.to(START + 2 * HOUR)
        feed.to(START + 6 * HOUR, build=False)
        (one,) = feed.alerts.incidents(kind="data")
        assert one.data is not None
        assert one.data.says == "Nothing new since Mon 2 Mar, 02:00, 4 h ago. It may be 3 h old."
        feed.to(START + 7 * HOUR)
        assert kinds(feed.alerts) == []
        assert kinds(feed.alerts, "resolved") == ["stale"]


def test_a_column_that_is_gone(feed: Feed) -> None:
    feed.to(START + 2 * HOUR)
    folder = feed.root / "data" / "orders"
    for file in folder.glob("*.parquet"):
        pq.write_table(pq.read_table(file).drop_columns(["price"]), file)
    feed.lapwing.cache.build()
    object.__setattr__(feed.lapwing.project, "now", START + 3 * HOUR)
    feed.alerts.data.look()
    assert kinds(feed.alerts) == ["schema"], "that builds fail follows from it"
    (one,) = [one for one in feed.alerts.board().incidents if one.kind == "data"]
    assert one.data is not None
    assert "price is gone" in one.data.says
    feed._written.clear()
    feed.to(START + 4 * HOUR)
    assert kinds(feed.alerts) == []


def test_a_day_of_few_rows(tmp_path: Path) -> None:
    day = timedelta(days=1)
    with Feed(tmp_path / "p", dataset=DATASET + "checks: {late: off}\n") as feed:
        feed.share = lambda hour, age: usual(hour, age) * (0.3 if hour >= START else 1.0)
        feed.to(START + day + 3 * HOUR)
        (one,) = feed.alerts.incidents(kind="data")
        assert one.data is not None
        assert one.data.check == "volume"
        assert one.data.says.startswith("Mon 2 Mar has only 7")
        feed.share = usual
        feed.to(START + 2 * day + 3 * HOUR)
        assert kinds(feed.alerts) == []


def test_a_value_that_vanished(tmp_path: Path) -> None:
    with Feed(tmp_path / "p", dataset=DATASET + "checks: {late: off, volume: off}\n") as feed:
        feed.to(START + HOUR)
        table = pa.concat_tables([rows(START + n * HOUR, 1.0) for n in range(24)])
        south = table.filter(pa.compute.equal(table["region"], "south"))
        feed._written[START] = 24.0
        feed.share = lambda hour, age: 1.0 if age >= 0 else 0.0
        pq.write_table(south, feed.root / "data" / "orders" / f"{START.date()}.parquet")
        feed.to(START + 25 * HOUR)
        (one,) = feed.alerts.incidents(kind="data")
        assert one.data is not None
        assert one.data.says == "No rows of region north, usually 40% of all."


def test_switched_off(tmp_path: Path) -> None:
    with Feed(tmp_path / "p", dataset=DATASET + "checks: off\n") as feed:
        feed.to(START + 2 * HOUR)
        (feed.root / "data" / "orders" / "2026-03-01.parquet").write_bytes(b"no parquet")
        feed.lapwing.cache.build()
        feed.alerts.data.look()
        assert kinds(feed.alerts) == []


def test_two_processes_look_at_once(feed: Feed) -> None:
    """Each writes what it saw; there is one incident."""
    from lapwing.alerts.service import Alerts
    from lapwing.alerts.state import StateDatabase

    teach(feed)
    feed.to(START + 2 * HOUR)
    feed.share = lambda hour, age: usual(hour, age) * (0.1 if hour == START + 2 * HOUR else 1.0)
    feed.to(START + 7 * HOUR, look=False)
    other = Alerts(feed.lapwing, StateDatabase(feed.root / "state.db"))
    other.data.records(), feed.alerts.data.records()
    feed.alerts.data.look()
    other.data.look()
    assert len(feed.alerts.incidents(kind="data")) == 1
    other.close()


@pytest.mark.long
def test_a_server_that_stops(tmp_path: Path) -> None:
    """PostgreSQL stops in the middle: the data can't be read, which is no news of the metrics."""
    import adbc_driver_postgresql.dbapi as postgres

    with running(Postgres) as service:
        table = pa.concat_tables([rows(START - timedelta(days=30) + n * HOUR, 1.0) for n in range(30 * 24)])
        with postgres.connect(service.dsn) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("orders", table)
            connection.commit()
        os.environ["LAPWING_FEED_DSN"] = service.dsn
        project = PROJECT.replace(
            "files: {type: files, path: data}", 'files: {type: postgres, dsn: "${LAPWING_FEED_DSN}"}'
        )
        with Feed(tmp_path / "p", project=project) as feed:
            feed.to(START + HOUR)
            assert kinds(feed.alerts) == []
            service.stop()
            feed.to(START + 2 * HOUR)
            assert kinds(feed.alerts) == ["builds"]
            feed.alerts.replay()
            board = feed.alerts.board()
            assert [one.kind for one in board.incidents] == ["data"]
            assert board.troubles == []
