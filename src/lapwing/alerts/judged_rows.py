"""What was judged last, as rows of the state database, and what it adds to the records of incidents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lapwing.alerts import screens
from lapwing.alerts.inputs import Inputs
from lapwing.alerts.life import life
from lapwing.alerts.reconcile import Judging, Told, additions, adopted, taken_back
from lapwing.alerts.record import Key
from lapwing.alerts.record_rows import add, new_row, read_lines, rows_of
from lapwing.alerts.sweep.kept import Remembering
from lapwing.alerts.tables import CheckpointRow, ChunkRow, RunRow
from lapwing.model.problem import Conflict, LapwingError


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

    @staticmethod
    def of(row: RunRow) -> Run:
        """A row as the run it is."""
        return Run(**{name: getattr(row, name) for name in Run.__dataclass_fields__})

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


def save(
    session: Session,
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
    last = session.get(RunRow, run.monitor)
    if (None if last is None else (last.definition, last.data)) != since:
        raise _raced(run.monitor)
    if series is not None and series.of is not None and (last is None or last.arrays != series.of):
        raise _raced(run.monitor)
    same = last is not None and last.definition == run.definition
    judging = Judging(now=run.finished, covered=None if last is None else last.covered, same=same, inputs=inputs)
    rows = {row.key: row for row in rows_of(session, run.monitor) if row.key not in settled}
    lines = read_lines(session, [row.id for row in rows.values()])
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
            reason = "redefined" if redefined else "maintenance" if inputs.in_maintenance(key[2]) else "late_data"
            add(session, row.id, taken_back(lines.get(row.id, ()), reason, judging))
    for key, incident in sorted(wanted.items(), key=lambda item: (item[0][2], item[0])):
        row = rows.get(key) or new_row(session, run.monitor, incident)
        row.definition = run.definition
        add(session, row.id, additions(lines.get(row.id, ()), incident, judging))
    session.merge(RunRow(**{name: getattr(run, name) for name in Run.__dataclass_fields__}))
    session.flush()
    if series is not None:
        _keep(session, run.monitor, series)


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
