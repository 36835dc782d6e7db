"""The market as it goes on: events are in the folder when they have arrived, which is not when they happened.

What had arrived when it began lies in one file a day; from then on there is one file for each hour of arrival, written anew
at each step until the hour is over. A file that says how far it came lets the same command go on after a stop.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulator.happen import Change
from simulator.incident import HOUR
from simulator.market import Market
from simulator.parquet import write_events, write_parquet

STATE = "live.json"
_LATEST = timedelta(days=3)
"""No event arrives later than that."""


class OtherMarketError(Exception):
    """The folder holds a live market of other options."""


@dataclass(slots=True, eq=False)
class Live:
    """A live market in a folder, whose history has so many days. `written` is up to when what arrived is in the folder."""

    folder: Path
    market: Market
    days: int
    written: datetime = field(init=False)
    _since: date = field(init=False)
    _drawn: dict[date, pa.Table] = field(default_factory=dict, init=False)

    def open(self, now: datetime) -> bool:
        """Goes on where it was, or begins with the history up to now; says whether it went on.

        Raises:
            OtherMarketError: there is one in the folder, made with other options.
        """
        path = self.folder / STATE
        if not path.exists():
            self._begin(now)
            return False
        state = json.loads(path.read_text())
        if state["options"] != self._options():
            was = " ".join(f"{name} {value}" for name, value in state["options"].items())
            raise OtherMarketError(
                f"{path} is of another market ({was}). Give its options, another --out, or remove it."
            )
        self._since, self.written = date.fromisoformat(state["since"]), datetime.fromisoformat(state["written"])
        for day, changes in state["changes"].items():
            found = {name: Change(*change) for name, change in changes.items()}
            self.market.changes[date.fromisoformat(day)] = found
        return True

    def step(self, now: datetime) -> int:
        """Writes what arrived since the last step; gives the number of events. A clock that went back has to catch up."""
        if now <= self.written:
            return 0
        before = self._arrived(_hour(self.written), self.written).num_rows
        total = -before
        for hour in _hours(_hour(self.written), now):
            arrived = self._arrived(hour, min(hour + HOUR, now))
            aside = self.folder / ".arrived.part"
            total += write_events(aside, arrived)
            aside.replace(self.folder / "events" / f"arrived-{hour:%Y-%m-%dT%H}.parquet")
        self._save(now)
        return total

    def _begin(self, now: datetime) -> None:
        """The history up to the last full hour."""
        until = _hour(now)
        self._since = until.date() - timedelta(days=self.days)
        days = [self._since + timedelta(days=number) for number in range(self.days + 1)]
        write_parquet(self.folder, days, lambda day: _received(self.market.day(day), None, until), self.market.others)
        self._save(until)

    def _save(self, until: datetime) -> None:
        """Labels of what has begun, then how far it came."""
        for name, table in self.market.others().items():
            begun = table.filter(pc.less_equal(table.column("start_time"), until)) if name == "incidents" else table
            pq.write_table(begun, self.folder / ".others.part", store_decimal_as_integer=True)
            (self.folder / ".others.part").replace(self.folder / f"{name}.parquet")
        changes = {
            str(day): {name: (one.events, one.spend) for name, one in of.items()}
            for day, of in self.market.changes.items()
        }
        state = {
            "options": self._options(),
            "since": str(self._since),
            "written": until.isoformat(),
            "changes": changes,
        }
        (self.folder / ".live.part").write_text(json.dumps(state))
        (self.folder / ".live.part").replace(self.folder / STATE)
        self.written = until

    def _arrived(self, start: datetime, end: datetime) -> pa.Table:
        """Events that arrived in [start, end), in order of time."""
        days = [(end - _LATEST).date() + timedelta(days=number) for number in range(_LATEST.days + 1)]
        self._drawn = {day: self._drawn[day] for day in days if day in self._drawn}
        for day in days:
            if day >= self._since and day not in self._drawn:
                self._drawn[day] = self.market.day(day)
        return pa.concat_tables(_received(self._drawn[day], start, end) for day in days if day in self._drawn)

    def _options(self) -> dict[str, object]:
        return {"seed": self.market.seed, "events a day": self.market.events, "incidents": self.market.eventful}


def run(live: Live, step: float, stop: threading.Event, say: Callable[[str], None]) -> None:
    """Steps until it is told to stop; what it has begun to write it finishes."""
    went_on = live.open(datetime.now(UTC))
    say(f"{'Goes on' if went_on else 'Begins'} at {live.written:%Y-%m-%d %H:%M:%S} UTC; Ctrl-C stops it.")
    while not stop.is_set():
        arrived = live.step(datetime.now(UTC))
        say(f"{live.written:%Y-%m-%d %H:%M:%S}  {arrived:,} events arrived")
        stop.wait(step)
    say("Stopped. The same command goes on from here.")


def _received(table: pa.Table, start: datetime | None, end: datetime) -> pa.Table:
    at = pc.cast(table.column("received_at"), pa.int64()).to_numpy()
    keep = at < int(end.timestamp() * 1e6)
    if start is not None:
        keep &= at >= int(start.timestamp() * 1e6)
    return table.take(np.flatnonzero(keep))


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _hours(first: datetime, until: datetime) -> Iterator[datetime]:
    while first < until:
        yield first
        first += HOUR
