"""The tables of people's state: what they follow, what was told, and what was looked at when."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

HEAD = "0002"
"""The newest migration. A database at it needs no migrating, so Alembic is not even imported."""


class Base(DeclarativeBase):
    pass


class FollowRow(Base):
    """A monitor made in the UI. `slice` is JSON: a list of dimension and value pairs."""

    __tablename__ = "follow"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    metric: Mapped[str] = mapped_column(Text)
    grain: Mapped[str] = mapped_column(Text)
    slice: Mapped[str] = mapped_column(Text)
    created: Mapped[int] = mapped_column(BigInteger)


class RunRow(Base):
    """The last replay of one monitor: of which definition, over which version of the data, and the judged series."""

    __tablename__ = "run"

    monitor: Mapped[str] = mapped_column(Text, primary_key=True)
    definition: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    finished: Mapped[int] = mapped_column(BigInteger)
    series: Mapped[int] = mapped_column(Integer)
    judged: Mapped[int] = mapped_column(BigInteger)
    arrays: Mapped[bytes] = mapped_column(LargeBinary)


class IncidentRow(Base):
    """An incident of one series of a monitor. `opened` is the start of the bucket that opened it: with monitor, definition,
    series and direction it names the incident for good, so its id stays when more data comes."""

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("monitor", "definition", "series", "direction", "opened"),
        Index("incident_opened", "opened"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    monitor: Mapped[str] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    direction: Mapped[int] = mapped_column(Integer)
    opened: Mapped[int] = mapped_column(BigInteger)
    resolved: Mapped[int | None] = mapped_column(BigInteger)
    steps: Mapped[list[StepRow]] = relationship(cascade="all, delete-orphan", order_by="StepRow.at", lazy="selectin")


class StepRow(Base):
    """What was told about an incident, and when people could know it (`at`); `bucket` is the bucket's start."""

    __tablename__ = "step"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    incident: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), index=True)
    at: Mapped[int] = mapped_column(BigInteger)
    bucket: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)


class CauseRow(Base):
    """The cause that was found for an incident when its numbers counted up to `until` (UTC microseconds), as JSON."""

    __tablename__ = "cause"

    incident: Mapped[int] = mapped_column(ForeignKey("incident.id", ondelete="CASCADE"), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    found: Mapped[str] = mapped_column(Text)
