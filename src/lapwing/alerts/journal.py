"""What the state database keeps of incidents: their records, which are only added to, and what was judged last."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lapwing.alerts import screens
from lapwing.alerts.actions import Action, lines_of
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.life import life
from lapwing.alerts.reconcile import Judging, Told, additions, adopted, taken_back
from lapwing.alerts.record import Happened, Key, Record
from lapwing.alerts.sweep.kept import Remembering
from lapwing.alerts.sweep.parts import Part
from lapwing.alerts.tables import CauseRow, CheckpointRow, ChunkRow, IncidentRow, LineRow, RunRow
from lapwing.alerts.why.change import Cause
from lapwing.model.problem import Conflict, LapwingError, NotFound

METHOD = 2
"""Of finding causes; raised when it changes, so that those found before are looked for again."""
Begin = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """See `tables.RunRow`; times in UTC microseconds."""

    monitor: str
    definition: str
    data: str
    covered: int
    finished: int
    series: int
    judged: int
    arrays: bytes

    @property
    def version(self) -> tuple[str, str]:
        """Which definition over which data."""
        return self.definition, self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSeries:
    """What changes of the judged series of a run. `of`: the head of the run that the first `since` buckets are of, None where
    there are none. `chunks` and `checkpoints` are new, by their first bucket and by how many buckets they are after. Of the
    old checkpoints those stay that are `wanted` and after no more than `same` buckets. `screen`: what the first look at every
    slice remembers."""

    of: bytes | None
    since: int
    chunks: Mapping[int, bytes]
    same: int
    checkpoints: Mapping[int, bytes]
    wanted: frozenset[int]
    screen: Remembering | None = None


class Raced(Conflict):
    """Another process saved a judging since this one began; what it saved stands."""


class Journal:
    """Every method is one transaction; safe to use from several threads and processes."""

    def __init__(self, reading: Begin, changing: Begin) -> None:
        self._reading = reading
        self._changing = changing

    def run(self, monitor: str) -> Run | None:
        """The last replay of a monitor."""
        with self._reading() as session:
            row = session.get(RunRow, monitor)
            return None if row is None else _run(row)

    def kept(self, monitor: str) -> tuple[Run, Mapping[int, bytes]] | None:
        """The last replay of a monitor, and the chunks of its series by the number of their first bucket."""
        with self._reading() as session:
            row = session.get(RunRow, monitor)
            if row is None:
                return None
            chunks = session.execute(sa.select(ChunkRow.first, ChunkRow.data).where(ChunkRow.monitor == monitor))
            return _run(row), dict(iter(chunks))

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
        """Keeps a replay, and adds to the records what it changed: incidents that were found before keep their ids, those
        that are there no longer are retracted or closed. `since`: the version that was there when judging began; `inputs`: what
        judging was told; `series`: what changes of the judged series; `settled`: incidents that are told as they were by the
        one that `series` is of, so that there is nothing to add to their records; `begins`: since when a series can be judged
        (UTC microseconds): of what was over before, the data tells nothing any more, and what was told stands.

        Raises:
            Raced: there is another one by now.
        """
        wanted = {incident.key: incident for incident in told if incident.key not in settled}
        with self._changing() as session:
            last = session.get(RunRow, run.monitor)
            if (None if last is None else (last.definition, last.data)) != since:
                raise _raced(run.monitor)
            if series is not None and series.of is not None and (last is None or last.arrays != series.of):
                raise _raced(run.monitor)
            same = last is not None and last.definition == run.definition
            judging = Judging(
                now=run.finished, covered=None if last is None else last.covered, same=same, inputs=inputs
            )
            rows = {row.key: row for row in _of_monitor(session, run.monitor) if row.key not in settled}
            lines = _lines(session, [row.id for row in rows.values()])
            moved = adopted({key: lines.get(row.id, ()) for key, row in rows.items()}, wanted.values())
            for new, old in moved.items():
                rows[new] = rows.pop(old)
                rows[new].opened = new[2]
            session.flush()
            for key, row in rows.items():
                if key not in wanted:
                    redefined = row.definition != run.definition
                    over = not life(lines.get(row.id, ())).open
                    if over and not redefined and key[2] < begins(key[0]):
                        continue
                    reason = (
                        "redefined" if redefined else "maintenance" if inputs.in_maintenance(key[2]) else "late_data"
                    )
                    _add(session, row.id, taken_back(lines.get(row.id, ()), reason, judging))
            for key, incident in sorted(wanted.items(), key=lambda item: (item[0][2], item[0])):
                row = rows.get(key) or _new_row(session, run.monitor, incident)
                row.definition = run.definition
                _add(session, row.id, additions(lines.get(row.id, ()), incident, judging))
            session.merge(RunRow(**{name: getattr(run, name) for name in Run.__dataclass_fields__}))
            session.flush()
            if series is not None:
                _keep(session, run.monitor, series)

    def end(self, monitors: Iterable[str], reason: str, now: int) -> None:
        """Closes what is open of monitors that are judged no longer."""
        with self._changing() as session:
            for monitor in monitors:
                rows = _of_monitor(session, monitor)
                lines = _lines(session, [row.id for row in rows])
                judging = Judging(now=now, covered=None, same=False)
                for row in rows:
                    _add(session, row.id, taken_back(lines.get(row.id, ()), reason, judging))
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
            return _records(session, chosen if monitor is None else chosen.where(IncidentRow.monitor == monitor))

    def under(self, prefix: str) -> tuple[Record, ...]:
        """The records of all incidents whose names begin so, in order of their ids."""
        with self._reading() as session:
            begins = IncidentRow.monitor.startswith(prefix, autoescape=True)
            return _records(session, sa.select(IncidentRow).where(begins))

    def newer(self, monitor: str, known: Iterable[Record], since: int) -> tuple[int, tuple[Record, ...]]:
        """The records of a monitor, of which those `known` are as of the pulse `since`; and the pulse that they are of now."""
        before = {record.id: record.lines for record in known}
        with self._reading() as session:
            pulse = session.scalar(sa.select(sa.func.max(LineRow.id))) or 0
            rows = _of_monitor(session, monitor)
            ids = [row.id for row in rows]
            lines = dict(_lines(session, [one for one in ids if one not in before]))
            if pulse > since:
                old = _lines(session, [one for one in ids if one in before], since)
                lines |= {incident: (*before[incident], *added) for incident, added in old.items()}
            return pulse, tuple(_record(row, lines.get(row.id, before.get(row.id, ()))) for row in rows)

    def record(self, incident: int) -> Record:
        """
        Raises:
            NotFound: there is no such incident.
        """
        with self._reading() as session:
            return _one(session, incident)

    def act(self, incident: int, action: Action, now: int, since: int | None = None) -> Record:
        """Adds an action of somebody to a record; of two who want the same at once one is first, the other is told.

        Raises:
            NotFound: there is no such incident.
            WrongUse, Conflict: as `actions.lines_of`.
        """
        with self._changing() as session:
            record = _one(session, incident)
            # A clock that was set back does not put what is done now before what was done.
            at = max((now, *(line.at for line in record.lines if line.who)))
            wanted = lines_of(action, life(record.lines, at), now, since)
            first = max((line.number for line in record.lines), default=0) + 1
            added = [
                Happened(number=first + n, kind=one.kind, at=at, recorded=now, who=action.who.strip(), data=one.data)
                for n, one in enumerate(wanted)
            ]
            _add(session, incident, added)
            return _one(session, incident)

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
            row = session.scalars(chosen).first() or _new_row(session, monitor, Told(key=key, steps=(), about=about))
            _add(session, row.id, list(lines))

    def line_id(self, incident: int, number: int) -> int:
        """By which a line of a record is known to those who tell of it."""
        with self._reading() as session:
            chosen = sa.select(LineRow.id).where(LineRow.incident == incident, LineRow.number == number)
            return int(session.scalars(chosen).one())

    def cause(self, incident: int, until: int) -> Cause | None:
        """The cause kept for an incident whose numbers count up to `until`."""
        with self._reading() as session:
            row = session.get(CauseRow, (incident, until))
            if row is None:
                return None
            found = json.loads(row.found)
            if found.get("method") != METHOD:
                return None
            named = None if found["slice"] is None else tuple((name, value) for name, value in found["slice"])
            return Cause(found["says"], named, found["share"], found["clear"], found["p"])

    def keep_cause(self, incident: int, until: int, cause: Cause) -> None:
        """Keeps it, unless the incident is no more."""
        with suppress(IntegrityError), self._changing() as session:
            session.merge(
                CauseRow(incident=incident, until=until, found=json.dumps({**asdict(cause), "method": METHOD}))
            )


def _raced(monitor: str) -> LapwingError:
    return Raced.of("judged-meanwhile", f"{monitor} was judged by another process meanwhile.")


def _keep(session: Session, monitor: str, series: KeptSeries) -> None:
    session.execute(sa.delete(ChunkRow).where(ChunkRow.monitor == monitor, ChunkRow.first >= series.since))
    for first, data in series.chunks.items():
        session.add(ChunkRow(monitor=monitor, first=first, data=data))
    old = session.scalars(sa.select(CheckpointRow.buckets).where(CheckpointRow.monitor == monitor)).all()
    gone = [one for one in old if one > series.same or one not in series.wanted or one in series.checkpoints]
    session.execute(sa.delete(CheckpointRow).where(CheckpointRow.monitor == monitor, CheckpointRow.buckets.in_(gone)))
    for buckets, data in series.checkpoints.items():
        session.add(CheckpointRow(monitor=monitor, buckets=buckets, data=data))
    session.flush()
    if series.screen is not None:
        screens.keep(session, monitor, series.screen)


def _records(session: Session, chosen: sa.Select[IncidentRow]) -> tuple[Record, ...]:
    rows = session.scalars(chosen.order_by(IncidentRow.id)).all()
    lines = _lines(session, [row.id for row in rows])
    return tuple(_record(row, lines.get(row.id, ())) for row in rows)


def _of_monitor(session: Session, monitor: str) -> Sequence[IncidentRow]:
    return session.scalars(sa.select(IncidentRow).where(IncidentRow.monitor == monitor)).all()


def _one(session: Session, incident: int) -> Record:
    row = session.get(IncidentRow, incident)
    if row is None:
        raise NotFound.of("unknown-incident", f"There is no incident {incident}.")
    return _record(row, _lines(session, [incident]).get(incident, ()))


def _record(row: IncidentRow, lines: tuple[Happened, ...]) -> Record:
    return Record(
        id=row.id,
        monitor=row.monitor,
        definition=row.definition,
        key=row.key,
        about=json.loads(row.about),
        lines=lines,
    )


_MOST_VALUES = 500
"""Ids in one statement."""


_LINE = (
    LineRow.incident,
    LineRow.number,
    LineRow.kind,
    LineRow.at,
    LineRow.recorded,
    LineRow.bucket,
    LineRow.who,
    LineRow.data,
)


def _lines(session: Session, incidents: Sequence[int], since: int = 0) -> Mapping[int, tuple[Happened, ...]]:
    """Their lines, of those written after the pulse `since`."""
    found: dict[int, list[Happened]] = {}
    for first in range(0, len(incidents), _MOST_VALUES):
        some = incidents[first : first + _MOST_VALUES]
        chosen = sa.select(*_LINE).where(LineRow.incident.in_(some), LineRow.id > since)
        for row in session.execute(chosen.order_by(LineRow.incident, LineRow.number)):
            found.setdefault(row.incident, []).append(line_of(row))
    return {incident: tuple(lines) for incident, lines in found.items()}


def line_of(row: LineRow | sa.Row[*tuple[Any, ...]]) -> Happened:
    """A row as the line it is."""
    return Happened(
        number=row.number,
        kind=row.kind,
        at=row.at,
        recorded=row.recorded,
        bucket=row.bucket,
        who=row.who,
        data=json.loads(row.data),
    )


def _add(session: Session, incident: int, lines: Sequence[Happened]) -> None:
    if not lines:
        return
    for line in lines:
        fields = {name: getattr(line, name) for name in ("number", "kind", "at", "recorded", "bucket", "who")}
        session.add(LineRow(incident=incident, data=json.dumps(dict(line.data)), **fields))
    session.flush()


def _new_row(session: Session, monitor: str, told: Told) -> IncidentRow:
    series, direction, opened = told.key
    row = IncidentRow(
        monitor=monitor,
        definition="",
        series=series,
        direction=direction,
        opened=opened,
        about=json.dumps(dict(told.about)),
    )
    session.add(row)
    session.flush()
    return row


def _run(row: RunRow) -> Run:
    return Run(**{name: getattr(row, name) for name in Run.__dataclass_fields__})
