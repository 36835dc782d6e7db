"""The state database: opened, migrated, and the few things that are asked of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from lapwing.alerts.history import Slice
from lapwing.alerts.journal import Journal
from lapwing.alerts.ready.learned import Learned
from lapwing.alerts.tables import HEAD, FollowRow
from lapwing.model.problem import Conflict, LapwingError, NotFound, Place


class StateError(LapwingError):
    """The state database can't be read or written."""


@dataclass(frozen=True, slots=True)
class Follow:
    """A monitor of somebody's; what was not chosen is None."""

    name: str
    metric: str
    grain: str
    slice: Slice
    by: tuple[str, ...] = ()
    sensitivity: float | None = None
    min_change: float | None = None
    depth: int | None = None
    support: float | None = None


class StateDatabase:
    """SQLite at one path. Every method is one transaction; safe to use from several threads and processes."""

    def __init__(self, path: Path, *, wait: float = 30.0) -> None:
        """Opens the database, makes it or brings it up to date. `wait`: seconds to wait for others who write.

        Raises:
            StateError: it can't be opened, is damaged, or was written by a newer Lapwing.
        """
        self.path = path
        self._wait = wait
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"The folder of the state database can't be made: {error.strerror}."
            raise self._error("state-unreachable", message) from error
        self._reading = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": wait})
        sa.event.listen(self._reading, "connect", lambda connection, _: _prepare(connection, wait))
        sa.event.listen(self._reading, "begin", _begin)
        # A writer takes its place in the queue before it reads, so that what it read still holds when it writes.
        self._writing = self._reading.execution_options(begin="begin immediate")
        with self._guarded():
            self._migrate()
        self.journal = Journal(self.session, self.changing)
        """Incidents: their records, and what was judged."""
        self.learned = Learned(self.session, self.changing)
        """What is learned of datasets."""

    def close(self) -> None:
        self._reading.dispose()

    def _migrate(self) -> None:
        with self._reading.begin() as connection:
            if _version(connection) == HEAD:
                return
        with self._writing.begin() as connection:
            current = _version(connection)
            if current == HEAD:
                return  # another process was quicker
            from alembic import command
            from alembic.config import Config
            from alembic.script import ScriptDirectory

            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
            config.attributes["connection"] = connection
            scripts = ScriptDirectory.from_config(config)
            if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
                raise self._error(
                    "state-newer",
                    f"The state database is of a newer Lapwing (version {current}).",
                    hint="Run that version, or move the file away to begin with no follows and no incidents.",
                )
            command.upgrade(config, "head")

    def _error(self, code: str, message: str, hint: str | None = None) -> LapwingError:
        return StateError.of(code, message, place=Place(file=self.path.name), hint=hint)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DatabaseError as error:
            raise self._broken(str(error.orig)) from error

    def _broken(self, reason: str) -> LapwingError:
        if "not a database" in reason or "malformed" in reason:
            return self._error(
                "state-damaged",
                f"The state database can't be read: it is damaged ({reason}).",
                hint="Put a copy back, or move the file away: incidents are found again, follows are lost.",
            )
        if "locked" in reason:
            return self._error(
                "state-locked",
                f"Another process has been writing the state database for more than {self._wait:g} seconds.",
                hint="Try again; if it stays so, look which process holds the file.",
            )
        return self._error(
            "state-unreachable",
            f"The state database can't be used ({reason}).",
            hint="Look at the file's rights and the disk's free space.",
        )

    @contextmanager
    def session(self, engine: sa.Engine | None = None) -> Iterator[Session]:
        """A transaction that reads."""
        with self._guarded(), Session(engine or self._reading) as session, session.begin():
            yield session

    def changing(self) -> AbstractContextManager[Session]:
        """A transaction that writes: what it reads stays as it is until it ends."""
        return self.session(self._writing)

    def follows(self) -> tuple[Follow, ...]:
        """What people follow, oldest first."""
        with self.session() as session:
            rows = session.scalars(sa.select(FollowRow).order_by(FollowRow.created, FollowRow.name)).all()
            return tuple(_follow(row) for row in rows)

    def add_follow(self, follow: Follow, now: int) -> None:
        """Raises:
        Conflict: there is one of that name.
        """
        chosen = ("by", "sensitivity", "min_change", "depth", "support")
        terms = {name: getattr(follow, name) for name in chosen}
        row = FollowRow(
            name=follow.name,
            metric=follow.metric,
            grain=follow.grain,
            slice=json.dumps(follow.slice),
            terms=json.dumps({name: value for name, value in terms.items() if value}),
            created=now,
        )
        try:
            with self.changing() as session:
                session.add(row)
        except IntegrityError as error:
            raise Conflict.of("already-followed", f"{follow.name} is followed already.") from error

    def remove_follow(self, name: str) -> None:
        """Forgets the follow; the records of its incidents stay.

        Raises:
            NotFound: nothing of that name is followed.
        """
        with self.changing() as session:
            row = session.get(FollowRow, name)
            if row is None:
                raise NotFound.of("unknown-follow", f"Nothing called {name} is followed.")
            session.delete(row)


def _follow(row: FollowRow) -> Follow:
    terms = json.loads(row.terms)
    return Follow(
        name=row.name,
        metric=row.metric,
        grain=row.grain,
        slice=tuple((name, value) for name, value in json.loads(row.slice)),
        by=tuple(terms.get("by", ())),
        sensitivity=terms.get("sensitivity"),
        min_change=terms.get("min_change"),
        depth=terms.get("depth"),
        support=terms.get("support"),
    )


def _version(connection: sa.Connection) -> str | None:
    """The migration that the database is at; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("select version_num from alembic_version"))
    return found


def _begin(connection: sa.Connection) -> None:
    """sqlite3's own way begins a transaction at the first change only, after what decided on it was read."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "begin"))


def _prepare(connection: sqlite3.Connection, wait: float) -> None:
    """Transactions begin where we say; readers do not wait for a writer; deleting an incident deletes its steps."""
    connection.isolation_level = None
    cursor = connection.cursor()
    _switch_to_wal(cursor, wait)
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor, wait: float) -> None:
    """Of processes that open a new file together one switches it; SQLite tells the others that it is busy without the wait
    that it gives to statements."""
    until = monotonic() + wait
    while True:
        try:
            cursor.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > until:
                raise
            sleep(0.005)
        else:
            return
