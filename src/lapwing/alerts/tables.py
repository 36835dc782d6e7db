"""The tables of people's state: what they follow, what happened to incidents, and what was looked at when."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lapwing.alerts.record import Key

HEAD = "0009"
"""The newest migration. A database at it needs no migrating, so Alembic is not even imported."""


class Base(DeclarativeBase):
    pass


class FollowRow(Base):
    """A monitor made in the UI. `slice` is JSON, a list of dimension and value pairs, and so is `terms`: `by`, `sensitivity`,
    `min_change`, `depth` and `support` where they were chosen."""

    __tablename__ = "follow"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    metric: Mapped[str] = mapped_column(Text)
    grain: Mapped[str] = mapped_column(Text)
    slice: Mapped[str] = mapped_column(Text)
    terms: Mapped[str] = mapped_column(Text, server_default="{}")
    created: Mapped[int] = mapped_column(BigInteger)


class RunRow(Base):
    """The last replay of one monitor: of which definition, over which version of the data (known until `covered`), and, in
    `arrays`, the head of the judged series (see `packed`)."""

    __tablename__ = "run"

    monitor: Mapped[str] = mapped_column(Text, primary_key=True)
    definition: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    covered: Mapped[int] = mapped_column(BigInteger)
    finished: Mapped[int] = mapped_column(BigInteger)
    series: Mapped[int] = mapped_column(Integer)
    judged: Mapped[int] = mapped_column(BigInteger)
    arrays: Mapped[bytes] = mapped_column(LargeBinary)


class ChunkRow(Base):
    """Some buckets of the judged series of a run, from the bucket `first` on."""

    __tablename__ = "run_chunk"

    monitor: Mapped[str] = mapped_column(ForeignKey("run.monitor", ondelete="CASCADE"), primary_key=True)
    first: Mapped[int] = mapped_column(Integer, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """What the model remembered after so many buckets of a run."""

    __tablename__ = "run_checkpoint"

    monitor: Mapped[str] = mapped_column(ForeignKey("run.monitor", ondelete="CASCADE"), primary_key=True)
    buckets: Mapped[int] = mapped_column(Integer, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ScreenRow(Base):
    """A part of what the first look at every slice remembered after so many buckets of a run, if it is another than before."""

    __tablename__ = "run_screen"

    monitor: Mapped[str] = mapped_column(ForeignKey("run.monitor", ondelete="CASCADE"), primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    buckets: Mapped[int] = mapped_column(Integer, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class IncidentRow(Base):
    """An incident of one series of a monitor. `opened` is the start of the bucket that opened it: with monitor, series and
    direction it names the incident for good, so its id stays whatever happens. `definition` is the one that last showed it;
    `about` is JSON: what it was of when it was found."""

    __tablename__ = "incident"
    __table_args__ = (UniqueConstraint("monitor", "series", "direction", "opened"), Index("incident_opened", "opened"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    monitor: Mapped[str] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    direction: Mapped[int] = mapped_column(Integer)
    opened: Mapped[int] = mapped_column(BigInteger)
    about: Mapped[str] = mapped_column(Text)

    @property
    def key(self) -> Key:
        return self.series, self.direction, self.opened


class LineRow(Base):
    """A line of an incident's record: written once, never changed. That two can't have the same number of the same incident
    decides who was first."""

    __tablename__ = "line"
    __table_args__ = (UniqueConstraint("incident", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    incident: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)
    recorded: Mapped[int] = mapped_column(BigInteger)
    bucket: Mapped[int | None] = mapped_column(BigInteger)
    who: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)


class WindowRow(Base):
    """A maintenance window made by a person; `monitors` is JSON: a list of names, empty for all. Ended early, or before it
    began, it is `removed`."""

    __tablename__ = "maintenance"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text)
    start: Mapped[int] = mapped_column(BigInteger)
    end: Mapped[int] = mapped_column(BigInteger)
    monitors: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    made: Mapped[int] = mapped_column(BigInteger)
    removed: Mapped[int | None] = mapped_column(BigInteger)
    removed_by: Mapped[str] = mapped_column(Text)


class CauseRow(Base):
    """The cause that was found for an incident when its numbers counted up to `until` (UTC microseconds), as JSON."""

    __tablename__ = "cause"

    incident: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    found: Mapped[str] = mapped_column(Text)


class MessageRow(Base):
    """A message that is to go out by a channel, or went: the outbox, and the record of deliveries. `batch` names what it
    tells, so that it is there once; `key` goes with it, so that who gets it twice can tell. Times are of the wall clock, in
    UTC microseconds. `state` is waiting, sent, failed or dropped; `claimed` is until when a process has it in hand."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("batch"), Index("message_due", "state", "due"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    batch: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    subscription: Mapped[str] = mapped_column(Text)
    made: Mapped[int] = mapped_column(BigInteger)
    due: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    claimed: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(Text)
    trouble: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)


class MessageLineRow(Base):
    """The lines of records that a message tells; each by each channel once (`kind` apart: an escalation tells it
    again, and a digest gathers what was told at once, too)."""

    __tablename__ = "message_line"
    __table_args__ = (UniqueConstraint("line", "channel", "kind"),)

    message: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(ForeignKey("line.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)


class MarkRow(Base):
    """How far the lines of records were looked at by those who tell of them."""

    __tablename__ = "mark"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[int] = mapped_column(Integer)


class LearnedRow(Base):
    """What is learned of a dataset, by a `name` such as "arrivals:orders", as of `at` (UTC microseconds)."""

    __tablename__ = "learned"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)
