"""What the state database keeps of incidents: their records, which are only added to, and what was judged last."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lapwing.alerts import judged_rows, screens
from lapwing.alerts.actions import Action, lines_of
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.judged_rows import KeptSeries, Run
from lapwing.alerts.life import life
from lapwing.alerts.reconcile import Judging, Told, taken_back
from lapwing.alerts.record import Happened, Key, Record
from lapwing.alerts.record_rows import add, new_row, one_record, read_lines, record_of, records_of, rows_of
from lapwing.alerts.sweep.parts import Part
from lapwing.alerts.tables import CauseRow, CheckpointRow, ChunkRow, IncidentRow, LineRow, RunRow
from lapwing.alerts.why.change import Cause

METHOD = 2
"""Of finding causes; raised when it changes, so that those found before are looked for again."""
Begin = Callable[[], AbstractContextManager[Session]]


class Journal:
    """Every method is one transaction; safe to use from several threads and processes."""

    def __init__(self, reading: Begin, changing: Begin) -> None:
        self._reading = reading
        self._changing = changing

    def run(self, monitor: str) -> Run | None:
        """The last replay of a monitor."""
        with self._reading() as session:
            row = session.get(RunRow, monitor)
            return None if row is None else Run.of(row)

    def kept(self, monitor: str) -> tuple[Run, Mapping[int, bytes]] | None:
        """The last replay of a monitor, and the chunks of its series by the number of their first bucket."""
        with self._reading() as session:
            row = session.get(RunRow, monitor)
            if row is None:
                return None
            chunks = session.execute(sa.select(ChunkRow.first, ChunkRow.data).where(ChunkRow.monitor == monitor))
            return Run.of(row), dict(iter(chunks))

    def checkpoints(self, monitor: str) -> frozenset[int]:
        """After how many buckets of the last replay it is kept what the model remembered."""
        with self._reading() as session:
            chosen = sa.select(CheckpointRow.buckets).where(CheckpointRow.monitor == monitor)
            return frozenset(session.scalars(chosen))

    def checkpoint(self, monitor: str, buckets: int) -> bytes | None:
        """What it remembered then."""
        with self._reading() as session:
            row = session.get(CheckpointRow, (monitor, buckets))
            return None if row is None else row.data

    def screens(self, monitor: str) -> frozenset[int]:
        """After how many buckets it is kept what the first look at every slice remembered."""
        with self._reading() as session:
            return screens.kept(session, monitor)

    def screen(self, monitor: str, parts: Iterable[Part]) -> Mapping[str, bytes]:
        """Parts of what it remembered, by name; those that are not there are left out."""
        with self._reading() as session:
            return screens.parts(session, monitor, parts)

    def save(
        self,
        run: Run,
        told: Iterable[Told],
        since: tuple[str, str] | None,
        inputs: Inputs,
        series: KeptSeries | None = None,
        settled: Collection[Key] = (),
        begins: Callable[[str], int] = lambda _: 0,
    ) -> None:
        """Keeps a replay, and adds to the records what it changed; see `judged_rows.save`.

        Raises:
            Raced: there is another one by now.
        """
        with self._changing() as session:
            judged_rows.save(session, run, told, since, inputs, series, settled, begins)

    def end(self, monitors: Iterable[str], reason: str, now: int) -> None:
        """Closes what is open of monitors that are judged no longer."""
        with self._changing() as session:
            for monitor in monitors:
                rows = rows_of(session, monitor)
                lines = read_lines(session, [row.id for row in rows])
                judging = Judging(now=now, covered=None, same=False)
                for row in rows:
                    add(session, row.id, taken_back(lines.get(row.id, ()), reason, judging))
                session.execute(sa.delete(RunRow).where(RunRow.monitor == monitor))

    def monitors(self) -> frozenset[str]:
        """Those that anything is kept of that was judged."""
        with self._reading() as session:
            return frozenset(session.scalars(sa.select(RunRow.monitor)))

    def pulse(self) -> int:
        """Grows whenever anything is added to any record."""
        with self._reading() as session:
            return session.scalar(sa.select(sa.func.max(LineRow.id))) or 0

    def records(self, monitor: str | None = None) -> tuple[Record, ...]:
        """The records of a monitor's incidents, or of all, in order of their ids."""
        with self._reading() as session:
            chosen = sa.select(IncidentRow)
            return records_of(session, chosen if monitor is None else chosen.where(IncidentRow.monitor == monitor))

    def under(self, prefix: str) -> tuple[Record, ...]:
        """The records of all incidents whose names begin so, in order of their ids."""
        with self._reading() as session:
            begins = IncidentRow.monitor.startswith(prefix, autoescape=True)
            return records_of(session, sa.select(IncidentRow).where(begins))

    def newer(self, monitor: str, known: Iterable[Record], since: int) -> tuple[int, tuple[Record, ...]]:
        """The records of a monitor, of which those `known` are as of the pulse `since`; and the pulse that they are of now."""
        before = {record.id: record.lines for record in known}
        with self._reading() as session:
            pulse = session.scalar(sa.select(sa.func.max(LineRow.id))) or 0
            rows = rows_of(session, monitor)
            ids = [row.id for row in rows]
            lines = dict(read_lines(session, [one for one in ids if one not in before]))
            if pulse > since:
                old = read_lines(session, [one for one in ids if one in before], since)
                lines |= {incident: (*before[incident], *added) for incident, added in old.items()}
            return pulse, tuple(one_record(row, lines.get(row.id, before.get(row.id, ()))) for row in rows)

    def record(self, incident: int) -> Record:
        """
        Raises:
            NotFound: there is no such incident.
        """
        with self._reading() as session:
            return record_of(session, incident)

    def act(self, incident: int, action: Action, now: int, since: int | None = None) -> Record:
        """Adds an action of somebody to a record; of two who want the same at once one is first, the other is told.

        Raises:
            NotFound: there is no such incident.
            WrongUse, Conflict: as `actions.lines_of`.
        """
        with self._changing() as session:
            record = record_of(session, incident)
            # A clock that was set back does not put what is done now before what was done.
            at = max((now, *(line.at for line in record.lines if line.who)))
            wanted = lines_of(action, life(record.lines, at), now, since)
            first = max((line.number for line in record.lines), default=0) + 1
            added = [
                Happened(number=first + n, kind=one.kind, at=at, recorded=now, who=action.who.strip(), data=one.data)
                for n, one in enumerate(wanted)
            ]
            add(session, incident, added)
            return record_of(session, incident)

    def tell(self, monitor: str, key: Key, about: Mapping[str, Any], lines: Iterable[Happened]) -> None:
        """Adds lines to the record of an incident, the first ones of a new one where there is none; what another process
        wrote meanwhile stands."""
        with suppress(IntegrityError), self._changing() as session:
            chosen = sa.select(IncidentRow).where(
                IncidentRow.monitor == monitor,
                IncidentRow.series == key[0],
                IncidentRow.direction == key[1],
                IncidentRow.opened == key[2],
            )
            row = session.scalars(chosen).first() or new_row(session, monitor, Told(key=key, steps=(), about=about))
            add(session, row.id, list(lines))

    def line_id(self, incident: int, number: int) -> int:
        """By which a line of a record is known to those who tell of it."""
        with self._reading() as session:
            chosen = sa.select(LineRow.id).where(LineRow.incident == incident, LineRow.number == number)
            return int(session.scalars(chosen).one())

    def cause(self, incident: int, until: int, numbers: Sequence[float] | None = None) -> Cause | None:
        """The cause kept for an incident whose numbers count up to `until`, and are (or were, where none are given) these."""
        with self._reading() as session:
            row = session.get(CauseRow, (incident, until))
            found = {} if row is None else json.loads(row.found)
            if row is None or found.get("method") != METHOD:
                return None
            of = found.get("of")
            return _cause(row) if numbers is None or of is None or np.allclose(of, numbers, equal_nan=True) else None

    def told_cause(self, incident: int, until: int) -> str | None:
        """The sentence that was found first of an incident when its numbers counted up to `until`, whatever the data is now."""
        with self._reading() as session:
            row = session.get(CauseRow, (incident, until))
            return None if row is None else str((found := json.loads(row.found)).get("told", found["says"]))

    def last_cause(self, incident: int) -> Cause | None:
        """The last one that was told of an incident, by whichever method."""
        with self._reading() as session:
            chosen = sa.select(CauseRow).where(CauseRow.incident == incident).order_by(CauseRow.until.desc())
            row = session.scalars(chosen.limit(1)).first()
            return None if row is None else _cause(row)

    def keep_cause(self, incident: int, until: int, numbers: Sequence[float], cause: Cause) -> None:
        """Keeps it, unless the incident is no more. `numbers` are those that it is the cause of."""
        with suppress(IntegrityError), self._changing() as session:
            before = session.get(CauseRow, (incident, until))
            told = cause.says if before is None else (was := json.loads(before.found)).get("told", was["says"])
            found = {**asdict(cause), "method": METHOD, "of": list(numbers), "told": told}
            session.merge(CauseRow(incident=incident, until=until, found=json.dumps(found)))


def _cause(row: CauseRow) -> Cause:
    found = json.loads(row.found)
    named = None if found["slice"] is None else tuple((name, value) for name, value in found["slice"])
    return Cause(found["says"], named, found["share"], found["clear"], found["p"])
