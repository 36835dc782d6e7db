"""Faults while a real server, a process of its own, watches and tells: it is killed, its clock jumps, a channel fails, two
serve one project, a metric goes in an incident. Who is told is told once, and in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import requests
from pyarrow import csv
from tests.alerts.delivery.receivers import Hook, webhook
from tests.alerts.shop import BAD_DAY, DATASET, PROJECT, orders, write_shop
from tests.services.base import program, running
from tests.services.postgres import Postgres
from tests.shop import serving

DELIVERY = """
channels:
  hook: {{type: webhook, url: "HOOK"}}
subscriptions:
  ops: {{channels: hook, monitors: failed_daily}}
"""
NIGHT, LATER = "2024-02-21T02:00", "2024-02-25T02:00"
SECONDS = 120.0
HOURLY = "rate_hourly: {{metric: fail_rate, grain: hour, sensitivity: 5}}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as hook:
        yield hook


def shop(root: Path, hook: Hook, now: str, *, until: date = BAD_DAY, dataset: str = DATASET, more: str = "") -> Path:
    project = PROJECT + DELIVERY.replace("HOOK", hook.url) + more
    return write_shop(root, now=now, table=orders(end=until + timedelta(days=1)), project=project, dataset=dataset)


def clock(says: str | Path) -> dict[str, str]:
    """The environment of a process whose clock is so far off ("+10m"), or stands where a file says; what measures how long
    something takes is left alone."""
    program("faketime", "faketime")
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    how = (
        {"FAKETIME": says}
        if isinstance(says, str)
        else {"FAKETIME_TIMESTAMP_FILE": str(says), "FAKETIME_NO_CACHE": "1"}
    )
    return {"LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0", **how}


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + SECONDS
    while not until():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def told(hook: Hook) -> list[tuple[str, str]]:
    """What was told, each message once: (kind, incident)."""
    seen = {call.headers["idempotency-key"]: call for call in hook.calls}
    return [(call.data["kind"], call.data["incidents"][0]["id"]) for call in seen.values()]


def states(address: str) -> list[tuple[str, str]]:
    found = requests.get(f"{address}/api/deliveries", timeout=30).json()["deliveries"]
    return [(one["kind"], one["state"]) for one in reversed(found)]


def troubles(address: str) -> list[str]:
    return [one["trouble"] for one in requests.get(f"{address}/api/deliveries", timeout=30).json()["deliveries"]]


def settled(address: str) -> bool:
    """All is judged, and looked at by who tells."""
    return not requests.get(f"{address}/api/board", timeout=30).json()["judging"]


@pytest.mark.long
def test_killed_while_it_tells_and_while_it_checks(tmp_path: Path, hook: Hook) -> None:
    """The receiver has the message, and never answers: the server is killed at that moment, and again while it checks."""
    root = shop(tmp_path / "shop", hook, NIGHT)
    with serving(root) as server:
        server.stop(signal.SIGKILL)  # in the first check
    hook.hangs = True
    with serving(root) as server:
        wait(lambda: hook.calls)
        server.stop(signal.SIGKILL)
    hook.hangs = False
    with serving(root) as server:
        wait(lambda: settled(server.address))
        time.sleep(6)  # one more look
        assert len(hook.calls) == 1, "it is in the hand of who was killed, until the lease ends"
    with serving(root, environment=clock("+10m")) as server:
        wait(lambda: states(server.address) == [("opened", "sent")])
        assert server.stop() == 0
    assert [kind for kind, _ in told(hook)] == ["opened"]
    assert len(hook.calls) == 2, "nobody knows whether the first was taken, so both have one key"
    assert hook.calls[0].body == hook.calls[1].body
    assert "Traceback" not in server.log.read_text()


@pytest.mark.long
def test_a_clock_that_jumps(tmp_path: Path, hook: Hook) -> None:
    """Three days ahead there is no data: that is news of the data, told once, and none of the metric; back, it is over."""
    project = PROJECT.replace("now: {now}\n", "").replace(HOURLY, "sold: {{metric: orders, grain: day}}")
    project += DELIVERY.replace("HOOK", hook.url).replace(", monitors: failed_daily", "")
    dataset = DATASET.replace("complete_after: 1 hours", "complete_after: 1 hours\nchecks: {stale: 12 hours}")
    table = orders(end=BAD_DAY + timedelta(days=1))
    root = write_shop(tmp_path / "shop", now="", table=table, project=project, dataset=dataset)
    now = tmp_path / "clock"
    now.write_text("@2024-02-21 07:00:00\n")
    with serving(root, environment=clock(now)) as server:
        wait(lambda: "opened" in [kind for kind, _ in told(hook)])
        before = told(hook)
        now.write_text("@2024-02-24 07:00:00\n")
        wait(lambda: len(told(hook)) > len(before))
        time.sleep(6)
        assert hook.calls[-1].data["incidents"][0]["kind"] == "data"
        assert len(told(hook)) == len(before) + 1
        now.write_text("@2024-02-21 07:10:00\n")
        wait(lambda: len(told(hook)) > len(before) + 1)
        time.sleep(6)
        assert told(hook)[len(before) + 1 :] == [("resolved", told(hook)[len(before)][1])]
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_two_servers_of_one_project_tell_once(tmp_path: Path, hook: Hook) -> None:
    root = shop(tmp_path / "shop", hook, NIGHT)
    with serving(root) as one, serving(root) as other:
        wait(lambda: hook.calls)
        time.sleep(6)
        assert [kind for kind, _ in told(hook)] == ["opened"]
        assert len(hook.calls) == 1
        boards = [requests.get(f"{server.address}/api/board", timeout=30).json() for server in (one, other)]
        assert boards[0]["incidents"] == boards[1]["incidents"]
        assert states(one.address) == states(other.address) == [("opened", "sent")]
    assert "Traceback" not in one.log.read_text() + other.log.read_text()


def test_a_channel_that_fails_while_incidents_come_and_go(tmp_path: Path, hook: Hook) -> None:
    """It opens and is over while the channel is down: when that is back after an hour, each is told once, in order."""
    root = shop(tmp_path / "shop", hook, NIGHT)
    hook.statuses += [503]
    with serving(root) as server:
        wait(lambda: troubles(server.address) == ["127.0.0.1 answered 503."])
    shop(root, hook, LATER, until=date(2024, 2, 24))
    with serving(root, environment=clock("+1h")) as server:
        wait(lambda: states(server.address) == [("opened", "sent"), ("resolved", "sent")])
    assert [kind for kind, _ in told(hook)] == ["opened", "resolved"]
    assert len({incident for _, incident in told(hook)}) == 1
    assert len(hook.calls) == 3, "the first was refused"


@pytest.mark.parametrize("gone", [True, False], ids=["deleted", "redefined"])
def test_a_metric_that_goes_or_changes_in_an_incident(tmp_path: Path, hook: Hook, gone: bool) -> None:
    """Its incident is closed with that reason, and those who were told are told so."""
    root = shop(tmp_path / "shop", hook, NIGHT)
    with serving(root) as server:
        wait(lambda: hook.calls)
    ((_, incident),) = told(hook)
    project = PROJECT
    if gone:
        dataset = DATASET.replace('  failed: {count: "*", where: failed, better: down, value: 20 USD}\n', "")
        dataset = dataset.replace("  fail_rate: {ratio: failed / orders, format: percent, better: down}\n", "")
        dataset = dataset.replace("metrics:\n", "")
        project = PROJECT.replace("  failed_daily: {{metric: failed, grain: day, by: [region]}}\n", "")
        project = project.replace(
            "rate_hourly: {{metric: fail_rate, grain: hour, sensitivity: 5}}",
            "orders_daily: {{metric: orders, grain: day}}",
        )
    else:
        dataset = DATASET.replace("where: failed,", "where: failed and price < 0,")
    project += DELIVERY.replace("HOOK", hook.url)
    project = project.replace("monitors: failed_daily", "monitors: orders_daily") if gone else project
    table = orders(end=BAD_DAY + timedelta(days=1))
    write_shop(root, now="2024-02-21T03:00", table=table, project=project, dataset=dataset)
    with serving(root) as server:
        wait(lambda: len(told(hook)) == 2)
        found = requests.get(f"{server.address}/api/incidents/{incident}", timeout=30).json()
        assert settled(server.address)
        board = requests.get(f"{server.address}/api/board", timeout=30).json()
    assert (found["state"], found["reason"]) == ("resolved", "deleted" if gone else "redefined")
    assert [one["id"] for one in board["incidents"] if one["id"] == incident] == []
    assert told(hook) == [("opened", incident), ("closed", incident)]
    opened, closed = (call.data["incidents"][0] for call in (hook.calls[0], hook.calls[-1]))
    assert [closed[name] for name in ("actual", "expected", "at_stake")] == [
        opened[name] for name in ("actual", "expected", "at_stake")
    ], "the numbers of the old definition"
    assert "Traceback" not in server.log.read_text()


@pytest.mark.long
def test_a_source_that_goes_down(tmp_path: Path, hook: Hook) -> None:
    """PostgreSQL stops for three hours of the clock: that is told of the data, and nothing of the metrics, which have no
    buckets in that time; it is back, with all rows, and that is told."""
    project = PROJECT.replace("now: {now}\n", "").replace(
        "{{type: files, path: data}}", '{{type: postgres, dsn: "${{SHOP}}"}}'
    )
    project += DELIVERY.replace("HOOK", hook.url).replace(", monitors: failed_daily", "")
    dataset = DATASET.replace("files.orders", "files.public.orders").replace(
        "partition: month", "partition: month, freshness: 10 seconds"
    )
    root, now = tmp_path / "shop", tmp_path / "clock"
    (root / "datasets").mkdir(parents=True)
    (root / "lapwing.yaml").write_text(project.format())
    (root / "datasets" / "orders.yaml").write_text(dataset)
    every = orders(end=date(2024, 2, 20), bad=0.05)
    with running(Postgres) as source:
        load(source.dsn, every, until="2024-02-19 15:00")
        now.write_text("@2024-02-19 20:30:00\n")  # 15:30 in New York
        with serving(root, environment={**clock(now), "SHOP": source.dsn}) as server:
            wait(lambda: settled(server.address) and board(server.address)["data_until"])
            assert hook.calls == []
            source.stop()
            wait(lambda: hook.calls)
            now.write_text("@2024-02-19 23:30:00\n")
            time.sleep(45)  # one more look, three hours later
            (call,) = hook.calls
            assert (call.data["kind"], call.data["incidents"][0]["kind"]) == ("opened", "data")
            assert [one["kind"] for one in board(server.address)["incidents"]] == ["data"]
            source.start()
            wait(source.ready)
            load(source.dsn, every, until="2024-02-19 18:00")
            wait(lambda: len(hook.calls) > 1)
            time.sleep(6)
            assert [kind for kind, _ in told(hook)] == ["opened", "resolved"]
            assert board(server.address)["incidents"] == []
            assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def board(address: str) -> Any:
    return requests.get(f"{address}/api/board", timeout=30).json()


def load(dsn: str, table: pa.Table, until: str) -> None:
    """Into PostgreSQL, what was before a moment."""
    before = table.filter(pc.less(table["at"], datetime.fromisoformat(until)))
    out = pa.BufferOutputStream()
    csv.write_csv(before, out, csv.WriteOptions(include_header=False))
    with psycopg.connect(dsn, autocommit=True) as server:
        server.execute("drop table if exists orders")
        server.execute(
            "create table orders (at timestamp, region text, channel text, gift boolean, price float, failed boolean)"
        )
        with server.cursor().copy("copy orders from stdin with (format csv)") as copy:
            copy.write(out.getvalue().to_pybytes())
