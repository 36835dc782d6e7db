"""Maintenance windows: those written in the project's files, and those that people made."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lapwing.alerts.inputs import Window
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.tables import WindowRow
from lapwing.alerts.views.view import View
from lapwing.model.calendar import DAY, local_iso, to_us
from lapwing.model.monitor import Monitor
from lapwing.model.names import nearest
from lapwing.model.problem import Conflict, NotFound, WrongUse

if TYPE_CHECKING:
    from lapwing.query.service import Lapwing

LOOK_AGAIN = 1.0
"""Seconds for which windows that other processes may make are taken to stand."""
LONGEST = 92 * DAY
"""Longer than that nothing is watched any more: unfollow it instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowView(View):
    """`id` is None for one written in the project's files. `monitors` is empty for all."""

    id: int | None
    name: str
    start: str
    end: str
    monitors: list[str]
    who: str


class Maintenance:
    """Safe to use from several threads."""

    def __init__(self, lapwing: Lapwing, state: StateDatabase, monitors: Callable[[], Iterable[Monitor]]) -> None:
        """`monitors`: those there are."""
        self._monitors = monitors
        self._lapwing = lapwing
        self._state = state
        self._looked: tuple[float, Sequence[WindowRow]] | None = None

    def windows(self, monitor: Monitor) -> tuple[Window, ...]:
        """Those that hold for a monitor."""
        names = monitor.names
        written = [
            Window(to_us(one.start), to_us(one.end), one.name)
            for one in self._lapwing.project.maintenance
            if not one.monitors or names.intersection(one.monitors)
        ]
        made = [
            Window(row.start, row.end, row.name)
            for row in self._rows()
            if names.intersection(json.loads(row.monitors) or names)
        ]
        return tuple(sorted({*written, *made}))

    def views(self) -> list[WindowView]:
        """All that are written or were made and not removed, the latest first."""
        zone = self._lapwing.project.timezone
        found: list[tuple[int, int, str, list[str], str, int | None]] = [
            (to_us(one.start), to_us(one.end), one.name, list(one.monitors), "", None)
            for one in self._lapwing.project.maintenance
        ]
        found += [(row.start, row.end, row.name, json.loads(row.monitors), row.who, row.id) for row in self._rows()]
        return [
            WindowView(
                id=number,
                name=name,
                start=local_iso(start, zone),
                end=local_iso(end, zone),
                monitors=monitors,
                who=who,
            )
            for start, end, name, monitors, who, number in sorted(found, key=lambda one: -one[0])
        ]

    def make(self, name: str, start: int, end: int, monitors: Sequence[str], who: str) -> WindowView:
        """Makes a window over [start, end) (UTC microseconds).

        Raises:
            WrongUse: it has no name, or no length, or lasts too long.
            NotFound: one of the monitors does not exist.
        """
        if not name.strip() or not who.strip():
            raise WrongUse.of("name-needed", "A maintenance window has a name, and somebody who made it.")
        if not start < end <= start + LONGEST:
            hint = "Nothing is raised in it, so it should be no longer than it has to."
            raise WrongUse.of(
                "bad-window", "The window ends before it starts, or lasts longer than 92 days.", hint=hint
            )
        known = {name for monitor in self._monitors() for name in monitor.names}
        for one in monitors:
            if one not in known:
                near = nearest(one, known)
                raise NotFound.of("unknown-monitor", f"There is no monitor {one}.", nearest=near)
        row = WindowRow(
            name=name.strip(),
            start=start,
            end=end,
            monitors=json.dumps(sorted(set(monitors))),
            who=who.strip(),
            made=to_us(self._lapwing.now()),
            removed=None,
            removed_by="",
        )
        with self._state.changing() as session:
            session.add(row)
            session.flush()
            number = row.id
        self._looked = None
        return next(one for one in self.views() if one.id == number)

    def remove(self, number: int, who: str) -> None:
        """Takes one back that somebody made: what is in it is judged after all.

        Raises:
            NotFound: nobody made one of that number.
            Conflict: it was removed already.
        """
        with self._state.changing() as session:
            row = session.get(WindowRow, number)
            if row is None:
                raise NotFound.of("unknown-window", f"There is no maintenance window {number}.")
            if row.removed is not None:
                raise Conflict.of("removed-already", f"{row.removed_by} has removed the window already.")
            row.removed, row.removed_by = to_us(self._lapwing.now()), who.strip()
        self._looked = None

    def _rows(self) -> Sequence[WindowRow]:
        looked = self._looked
        if looked is not None and time.monotonic() - looked[0] < LOOK_AGAIN:
            return looked[1]
        with self._state.session() as session:
            rows = session.scalars(sa.select(WindowRow).where(WindowRow.removed.is_(None)).order_by(WindowRow.id)).all()
            session.expunge_all()
        self._looked = time.monotonic(), rows
        return rows
