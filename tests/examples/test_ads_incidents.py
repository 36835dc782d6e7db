"""What happens to the simulated market: labelled, exact in money, the same whatever days are made; and live."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.examples.ads import EXAMPLE, generate

from lapwing.model.load import load

DAYS = ("--events", "900_000", "--days", "90")


@pytest.fixture(scope="module", name="con")
def _con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """`events` and `labels` of the market; `calm`, the same market in which nothing happens."""
    folder = tmp_path_factory.mktemp("eventful")
    generate(*DAYS, "--out", str(folder / "eventful"))
    generate(*DAYS, "--no-incidents", "--out", str(folder / "calm"))
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for name, files in (
            ("events", "eventful/events/*"),
            ("labels", "eventful/incidents"),
            ("calm", "calm/events/*"),
        ):
            con.execute(f"create view {name} as from '{folder}/{files}.parquet'")
        con.execute(f"create view campaigns as from '{folder}/calm/campaigns.parquet'")
        yield con


def one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    found = con.execute(sql).fetchone()
    assert found is not None
    return found


def test_every_kind_happens(con: duckdb.DuckDBPyConnection) -> None:
    kinds = {kind for (kind,) in con.execute("select distinct kind from labels where not expected").fetchall()}
    assert kinds == {
        *("drop", "spike", "level shift", "slope", "one slice only", "rate only", "tracking outage", "late data"),
        *("budget exhausted", "bid change"),
    }
    expected = {kind for (kind,) in con.execute("select distinct kind from labels where expected").fetchall()}
    assert expected == {"flash sale", "public holiday", "clocks change"}
    assert one(con, "select count(*) from labels where end_time <= start_time") == (0,)
    assert one(con, "select count(*) from labels where not expected and start_time < '2026-01-31'") == (0,)


def test_the_cost_is_exact(con: duckdb.DuckDBPyConnection) -> None:
    """What it all cost is the difference of the two worlds, to a millionth of a dollar; and so for events."""
    cost, events = one(con, "select sum(cost), sum(events) from labels")
    calm, count = one(con, "select sum(spend), count(*) from calm")
    assert (calm - cost, count + events) == one(con, "select sum(spend), count(*) from events")
    assert one(con, "select min(cost) > 0 from labels where kind in ('drop', 'bid change', 'budget exhausted')") == (
        True,
    )
    assert one(con, "select max(cost) < 0 from labels where kind in ('spike', 'flash sale')") == (True,)


def test_an_event_is_the_same_in_both_worlds(con: duckdb.DuckDBPyConnection) -> None:
    """By its id; those that were added have others."""
    assert one(
        con,
        "select count(*) > 500000, count(*) filter (a.event_time <> b.event_time or a.user_id <> b.user_id)"
        " from calm a join events b using (event_id)",
    ) == (True, 0)
    assert one(con, "select count(*) - count(distinct event_id) from events") == (0,)


def test_nothing_else_changes(con: duckdb.DuckDBPyConnection) -> None:
    """An event that differs in any way lies in the time and slice of an incident."""
    con.execute(
        "create or replace temp view changed as (from calm except from events) union all (from events except from calm)"
    )
    (changed,) = one(con, "select count(*) from changed")
    assert changed > 10_000
    assert one(
        con,
        """
        select count(*) from changed e join campaigns c using (campaign_id) where not exists (
          from labels l where e.event_time >= l.start_time and e.event_time < l.end_time
            and e.country = coalesce(l.country, e.country) and e.device = coalesce(l.device, e.device)
            and c.advertiser = coalesce(l.advertiser, c.advertiser) and c.pricing = coalesce(l.pricing, c.pricing))""",
    ) == (0,)


@pytest.mark.parametrize(
    ("kind", "measure", "least", "most"),
    [
        ("drop", "count(*)", 0.05, 0.35),
        ("one slice only", "count(*)", 0.0, 0.1),
        ("level shift", "count(*)", 0.45, 0.7),
        ("slope", "count(*) filter (event = 'impression') / count(*) filter (event = 'request')", 0.5, 0.85),
        ("tracking outage", "count(*) filter (event = 'click')", 0.0, 0.001),
        ("spike", "count(*) filter (event = 'impression')", 2.3, 4.2),
        ("flash sale", "count(*)", 1.6, 2.4),
        ("public holiday", "count(*)", 0.6, 0.8),
        ("bid change", "sum(spend)", 0.45, 0.7),
    ],
)
def test_it_shows_in_its_slice(
    con: duckdb.DuckDBPyConnection, kind: str, measure: str, least: float, most: float
) -> None:
    sql = f"""
        select {measure} from {{}} e join campaigns c using (campaign_id) join labels l
        on e.event_time >= l.start_time and e.event_time < l.end_time and l.kind = '{kind}'
          and e.country = coalesce(l.country, e.country) and e.device = coalesce(l.device, e.device)
          and c.pricing = coalesce(l.pricing, c.pricing)"""
    (with_it,), (without,) = (one(con, sql.format(world)) for world in ("events", "calm"))
    assert least <= float(with_it) / float(without) <= most


def test_late_data_comes_when_it_is_over(con: duckdb.DuckDBPyConnection) -> None:
    assert one(
        con,
        "select count(*) > 20, min(received_at - end_time) > interval 5 hours from events e join labels l"
        " on event_time >= start_time and event_time < end_time and kind = 'late data' and e.country = l.country",
    ) == (True, True)


def test_days_made_apart_have_the_same_incidents(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    generate("--events", "20_000", "--days", "2", "--from", "2026-02-15", "--out", str(tmp_path))
    where = "event_time >= '2026-02-15' and event_time < '2026-02-17'"
    assert one(con, f"select count(*) from (from events where {where} except from '{tmp_path}/events/*.parquet')") == (
        0,
    )
    assert one(
        con,
        f"select count(*) > 0, count(*) filter (l.kind is null) from '{tmp_path}/incidents.parquet' a left join labels l"
        " on a.incident = l.incident and a.start_time = l.start_time and a.country is not distinct from l.country",
    ) == (True, 0)


def test_the_project_knows_of_the_sale(con: duckdb.DuckDBPyConnection) -> None:
    start, end = one(con, "select start_time, end_time from labels where kind = 'flash sale'")
    assert [(event.start, event.end) for event in load(EXAMPLE, {}).events] == [(start, end)]


def live(folder: Path, seconds: float, *options: str) -> tuple[int, str]:
    """Runs the live market, presses Ctrl-C after so many seconds of its saying something, and gives what it said."""
    command = [sys.executable, str(EXAMPLE / "generate.py"), "--live", "--step", "0.2", "--out", str(folder), *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert running.stdout is not None
    said = running.stdout.readline()
    if running.poll() is None:
        time.sleep(seconds)
        running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    return running.returncode, said + rest


def test_live_goes_on_where_it_was(tmp_path: Path) -> None:
    """Everything that arrived until it stopped is there, once: that of the market made at a stroke."""
    options = ("--events", "1_200_000", "--days", "3")
    began = datetime.now(UTC)
    code, said = live(tmp_path / "live", 1.0, *options)
    assert (code, said.startswith("Begins at"), said.endswith("from here.\n")) == (0, True, True)
    code, said = live(tmp_path / "live", 1.0, *options)
    assert (code, said.startswith("Goes on at")) == (0, True)
    *_, last, _ = said.splitlines()
    until = last[:19]
    days = (datetime.now(UTC).date() - began.date()).days + 4
    since = min(path.stem for path in (tmp_path / "live" / "events").glob("2*.parquet"))
    generate("--events", str(400_000 * days), "--days", str(days), "--from", since, "--out", str(tmp_path / "whole"))
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"create view live as from '{tmp_path}/live/events/*.parquet'")
        con.execute(f"create view whole as from '{tmp_path}/whole/events/*.parquet'")
        assert one(con, "select count(*) - count(distinct event_id), count(*) > 1_000_000 from live") == (0, True)
        assert one(con, "select count(*) from (from live except from whole)") == (0,)
        missing = f"from whole where received_at < '{until}' except from live"
        assert one(con, f"select count(*) from ({missing})") == (0,)
        assert one(
            con, f"select count(*) from live where received_at >= timestamptz '{until}' + interval 1 second"
        ) == (0,)
        assert one(con, f"select count(*) from '{tmp_path}/live/incidents.parquet' where start_time > '{until}'") == (
            0,
        )
    assert not list((tmp_path / "live").rglob("*.part"))


def test_live_refuses_another_markets_folder(tmp_path: Path) -> None:
    assert live(tmp_path, 0.1, "--events", "1000", "--days", "1")[0] == 0
    command = [sys.executable, str(EXAMPLE / "generate.py"), "--live", "--events", "1000", "--days", "1", "--seed", "8"]
    refused = subprocess.run(
        [*command, "--out", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert refused.returncode == 1
    assert "of another market (seed 7" in refused.stderr
    generate("--events", "1000", "--days", "1", "--out", str(tmp_path))
    assert not (tmp_path / "live.json").exists()
