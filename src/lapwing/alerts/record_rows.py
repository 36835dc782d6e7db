"""Records of incidents as rows of the state database, which are only added."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lapwing.alerts.reconcile import Told
from lapwing.alerts.record import Happened, Record
from lapwing.alerts.tables import IncidentRow, LineRow
from lapwing.model.problem import NotFound


def records_of(session: Session, chosen: sa.Select[IncidentRow]) -> tuple[Record, ...]:
    """The records of chosen incidents, in order of their ids."""
    rows = session.scalars(chosen.order_by(IncidentRow.id)).all()
    lines = read_lines(session, [row.id for row in rows])
    return tuple(one_record(row, lines.get(row.id, ())) for row in rows)


def rows_of(session: Session, monitor: str) -> Sequence[IncidentRow]:
    """All incidents of a monitor."""
    return session.scalars(sa.select(IncidentRow).where(IncidentRow.monitor == monitor)).all()


def record_of(session: Session, incident: int) -> Record:
    """
    Raises:
        NotFound: there is no such incident.
    """
    row = session.get(IncidentRow, incident)
    if row is None:
        raise NotFound.of("unknown-incident", f"There is no incident {incident}.")
    return one_record(row, read_lines(session, [incident]).get(incident, ()))


def one_record(row: IncidentRow, lines: tuple[Happened, ...]) -> Record:
    """A row with its lines."""
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


def read_lines(session: Session, incidents: Sequence[int], since: int = 0) -> Mapping[int, tuple[Happened, ...]]:
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


def add(session: Session, incident: int, lines: Sequence[Happened]) -> None:
    """Adds lines to a record."""
    if not lines:
        return
    for line in lines:
        fields = {name: getattr(line, name) for name in ("number", "kind", "at", "recorded", "bucket", "who")}
        session.add(LineRow(incident=incident, data=json.dumps(dict(line.data)), **fields))
    session.flush()


def new_row(session: Session, monitor: str, told: Told) -> IncidentRow:
    """A new incident, without lines yet."""
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
