"""The outbox: messages that are to go out, claimed by one process at a time, and the record of those that went.

What is to be told is written down in the same transaction that marks how far the records were looked at, so nothing is
told twice or forgotten, whenever the process is killed. A message is claimed, sent, and marked as sent. Killed between
the last two, it is sent once more: with the same key, by which who gets it can tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lapwing.alerts.record import Happened
from lapwing.alerts.record_rows import line_of
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.tables import LineRow, MarkRow, MessageLineRow, MessageRow

LEASE = 5 * 60 * 1_000_000
"""Microseconds for which a claim holds: longer than any way out takes to answer."""
FIRST_WAIT, LONGEST_WAIT = 30 * 1_000_000, 15 * 60 * 1_000_000
"""Between two attempts; each wait is twice the one before."""
GIVE_UP = 100
"""Attempts, about a day of them, after which a message is given up: nobody needs to be told any more. Not by the clock,
which may jump; and what was made a week ago for a digest is tried as often."""
LASTING_ATTEMPTS = 3
"""How often one is tried again that was refused for good: the other side may be being mended."""
_MARK = "delivery"
_MOST_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line that is to be told by a channel. `batch` gathers what goes out as one message."""

    line: int
    kind: str
    channel: str
    subscription: str
    due: int
    batch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message in hand. `lines` are (incident, line) in order; `content` is what was made of them by whoever tried
    before."""

    id: int
    key: str
    kind: str
    channel: str
    subscription: str
    made: int
    attempts: int
    lines: tuple[tuple[int, Happened], ...]
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A line of the record of deliveries; times in UTC microseconds of the wall clock."""

    id: int
    key: str
    kind: str
    channel: str
    subscription: str
    incidents: tuple[int, ...]
    made: int
    due: int
    state: str
    attempts: int
    ended: int | None
    subject: str
    trouble: str


class Outbox:
    """Every method is one transaction; safe to use from several threads and processes."""

    def __init__(self, state: StateDatabase, project: str) -> None:
        """`project` is part of the keys, so that those of two projects differ."""
        self._state = state
        self._project = project

    def news(self, until: int) -> tuple[tuple[int, int, Happened], ...]:
        """The next lines of records that nobody looked at, up to the one of id `until`: (id, incident, line)."""
        with self._state.session() as session:
            mark = session.get(MarkRow, _MARK)
            chosen = sa.select(LineRow).where(LineRow.id > (0 if mark is None else mark.line), LineRow.id <= until)
            rows = session.scalars(chosen.order_by(LineRow.id).limit(_MOST_LINES))
            return tuple((row.id, row.incident, line_of(row)) for row in rows)

    def told(self, incidents: Iterable[int]) -> frozenset[tuple[int, str, bool]]:
        """By which channels anything was told, or is to be, of incidents: (incident, channel, in a digest). Escalations, and
        what is due again after a snooze, may never be needed, so they count when they went out."""
        with self._state.session() as session:
            sure = sa.or_(
                MessageRow.state == "sent",
                sa.and_(MessageRow.state != "dropped", MessageLineRow.kind.not_in(("escalation", "awake"))),
            )
            chosen = (
                sa.select(LineRow.incident, MessageLineRow.channel, MessageLineRow.kind == "digest")
                .select_from(MessageLineRow)
                .join(LineRow, LineRow.id == MessageLineRow.line)
                .join(MessageRow, MessageRow.id == MessageLineRow.message)
                .where(LineRow.incident.in_(list(incidents)), sure)
                .distinct()
            )
            return frozenset((incident, channel, gathered) for incident, channel, gathered in session.execute(chosen))

    def add(self, entries: Sequence[Entry], first: int, last: int, now: int) -> bool:
        """Takes entries in, and marks that lines up to the one of id `last` were looked at. False where another process was
        quicker: `first` was looked at by then."""
        with self._state.changing() as session:
            mark = session.get(MarkRow, _MARK)
            if mark is not None and mark.line >= first:
                return False
            session.merge(MarkRow(name=_MARK, line=last))
            for entry in entries:
                self._take(session, entry, now)
            return True

    def _take(self, session: Session, entry: Entry, now: int) -> None:
        kind = entry.kind if entry.kind in ("escalation", "digest", "awake") else "told"
        same = MessageLineRow.line == entry.line, MessageLineRow.channel == entry.channel, MessageLineRow.kind == kind
        if session.scalar(sa.select(MessageLineRow).where(*same)) is not None:
            return  # two subscriptions lead to the same channel
        row = self._open(session, entry, now)
        row.kind = entry.kind  # it tells the last of its lines
        session.add(MessageLineRow(message=row.id, line=entry.line, channel=entry.channel, kind=kind))
        session.flush()

    def _open(self, session: Session, entry: Entry, now: int) -> MessageRow:
        """The message that an entry goes into; a new one where nobody has begun it, or somebody has begun to send it."""
        batch = entry.batch
        while True:
            row = session.scalar(sa.select(MessageRow).where(MessageRow.batch == batch))
            if row is None:
                row = self._row(batch, entry.kind, entry.channel, entry.subscription, entry.due, now)
                session.add(row)
                session.flush()
            if row.state == "waiting" and not row.attempts:
                return row
            batch += "+"

    def _row(self, batch: str, kind: str, channel: str, subscription: str, due: int, now: int) -> MessageRow:
        key = hashlib.sha256(f"{self._project}|{batch}".encode()).hexdigest()[:32]
        return MessageRow(
            batch=batch,
            key=key,
            kind=kind,
            channel=channel,
            subscription=subscription,
            made=now,
            due=due,
            state="waiting",
            attempts=0,
            claimed=0,
            ended=None,
            subject="",
            trouble="",
            content=None,
        )

    def claim(self, now: int, channel: str | None = None) -> Waiting | None:
        """Takes the next message that is due in hand, so that nobody else sends it; None where there is none. Messages of a
        channel go out in order: while one is to be tried again, or in somebody's hand, those after it wait."""
        with self._state.changing() as session:
            waiting = MessageRow.state == "waiting"
            in_hand = MessageRow.claimed.between(now + 1, now + LEASE)
            again = sa.and_(MessageRow.attempts > 0, MessageRow.due.between(now + 1, now + LONGEST_WAIT))
            held = sa.select(MessageRow.channel).where(waiting, sa.or_(in_hand, again))
            chosen = sa.select(MessageRow).where(waiting, _is_due(now), MessageRow.channel.not_in(held))
            if channel is not None:
                chosen = chosen.where(MessageRow.channel == channel)
            row = session.scalar(chosen.order_by(MessageRow.id).limit(1))
            if row is None:
                return None
            row.claimed = now + LEASE
            row.attempts += 1
            return self._waiting(session, row)

    def _waiting(self, session: Session, row: MessageRow) -> Waiting:
        lines = session.scalars(
            sa.select(LineRow)
            .join(MessageLineRow, MessageLineRow.line == LineRow.id)
            .where(MessageLineRow.message == row.id)
            .order_by(LineRow.id)
        )
        return Waiting(
            id=row.id,
            key=row.key,
            kind=row.kind,
            channel=row.channel,
            subscription=row.subscription,
            made=row.made,
            attempts=row.attempts,
            lines=tuple((line.incident, line_of(line)) for line in lines),
            content=row.content,
        )

    def keep(self, message: Waiting, subject: str, content: bytes) -> None:
        """Keeps what was made of a message, so that it is the same should it have to be sent again."""
        with self._state.changing() as session:
            row = session.get_one(MessageRow, message.id)
            row.subject, row.content = subject, content

    def sent(self, message: Waiting, now: int, without: str = "") -> None:
        """It went out, `without` something perhaps."""
        self._end(message, "sent", now, without)

    def drop(self, message: Waiting, now: int, why: str) -> None:
        """It need not go out any more."""
        self._end(message, "dropped", now, why)

    def failed(self, message: Waiting, now: int, says: str, *, lasting: bool) -> str:
        """It did not go out: it is tried again later, or given up; tests are not tried again. Gives the state that it is in
        now."""
        over = (
            message.kind == "test" or message.attempts >= GIVE_UP or (lasting and message.attempts >= LASTING_ATTEMPTS)
        )
        if over:
            self._end(message, "failed", now, says)
            return "failed"
        with self._state.changing() as session:
            row = session.get_one(MessageRow, message.id)
            row.due = now + min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
            row.claimed, row.trouble = 0, says
            return row.state

    def _end(self, message: Waiting, state: str, now: int, trouble: str) -> None:
        """A message that went out by another's hand meanwhile stays as it is."""
        with self._state.changing() as session:
            row = session.get_one(MessageRow, message.id)
            if row.state != "waiting":
                return
            row.state, row.ended, row.claimed, row.trouble = state, now, 0, trouble
            row.content = None  # it is on record; what it said follows from the incident's own

    def begin(self, kind: str, channel: str, batch: str, now: int) -> Waiting:
        """A message that tells nothing of any incident, in hand already."""
        with self._state.changing() as session:
            row = self._row(batch, kind, channel, "", now, now)
            row.attempts, row.claimed = 1, now + LEASE
            session.add(row)
            session.flush()
            return self._waiting(session, row)

    def record(self, limit: int = 100, channel: str | None = None, incident: int | None = None) -> tuple[Sent, ...]:
        """The last messages, the latest first."""
        with self._state.session() as session:
            chosen = sa.select(MessageRow).order_by(MessageRow.id.desc()).limit(limit)
            if channel is not None:
                chosen = chosen.where(MessageRow.channel == channel)
            if incident is not None:
                of = (
                    sa.select(MessageLineRow.message)
                    .join(LineRow, LineRow.id == MessageLineRow.line)
                    .where(LineRow.incident == incident)
                )
                chosen = chosen.where(MessageRow.id.in_(of))
            rows = session.scalars(chosen).all()
            incidents = _incidents(session, [row.id for row in rows])
            return tuple(_sent(row, incidents.get(row.id, ())) for row in rows)


def _is_due(now: int) -> sa.ColumnElement[bool]:
    """What was put off, or made, by a clock that was ahead and went back does not wait until it is there again."""
    put_off = sa.and_(MessageRow.attempts > 0, MessageRow.due > now + LONGEST_WAIT)
    at_once = sa.and_(MessageRow.made > now, MessageRow.due <= MessageRow.made)
    return sa.or_(MessageRow.due <= now, put_off, at_once)


def _incidents(session: Session, messages: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    chosen = (
        sa.select(MessageLineRow.message, LineRow.incident)
        .join(LineRow, LineRow.id == MessageLineRow.line)
        .where(MessageLineRow.message.in_(messages))
        .distinct()
    )
    out: dict[int, list[int]] = {}
    for message, incident in session.execute(chosen):
        out.setdefault(message, []).append(incident)
    return {message: tuple(sorted(found)) for message, found in out.items()}


def _sent(row: MessageRow, incidents: tuple[int, ...]) -> Sent:
    return Sent(
        id=row.id,
        key=row.key,
        kind=row.kind,
        channel=row.channel,
        subscription=row.subscription,
        incidents=incidents,
        made=row.made,
        due=row.due,
        state=row.state,
        attempts=row.attempts,
        ended=row.ended,
        subject=row.subject,
        trouble=row.trouble,
    )
