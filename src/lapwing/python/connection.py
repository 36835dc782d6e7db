"""`lapwing.connect()`: the connection of PEP 249, and more."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from lapwing.model.problem import Problem
from lapwing.python import errors
from lapwing.python.bar import shown
from lapwing.python.cursor import Cursor
from lapwing.python.errors import interface, told, told_in
from lapwing.python.result import Result
from lapwing.python.submitted import Submitted
from lapwing.python.way import Asked, Json, Way
from lapwing.sql.parameters import filled


def connect(
    where: str | Path = ".", *, token: str | None = None, time_limit: float = 60.0, progress: bool | None = None
) -> Connection:
    """Opens the project in the folder `where` in this process, or asks the server at that http(s) address.

    `token`: the server's (None: LAPWING_TOKEN, where set). `time_limit`: seconds that a question may take, unless it says
    otherwise. `progress`: show a bar while waiting; None does so in terminals and notebooks.

    Raises:
        ProgrammingError, NotSupportedError: there is no such project, or its files are wrong.
        OperationalError: the server does not answer, or asks for its token.
        InterfaceError: it is another kind of address.
    """
    bar = shown() if progress is None else progress
    scheme = urlsplit(str(where)).scheme
    if scheme in ("http", "https"):
        from lapwing.python.remote import Remote

        return Connection(Remote(str(where), token or os.environ.get("LAPWING_TOKEN")), time_limit, bar)
    if "://" in str(where):
        hint = "Name a project's folder, or a server as http://HOST:PORT."
        raise interface("bad-address", f"{where} is no place that can be connected to.", hint)
    from lapwing.python.embedded import Embedded

    return Connection(Embedded(Path(where)), time_limit, bar)


class Connection:
    """An open project or a server; threads may share it. Close it, or use it as a context manager."""

    Warning, Error, InterfaceError = errors.Warning, errors.Error, errors.InterfaceError
    DatabaseError, DataError, OperationalError = errors.DatabaseError, errors.DataError, errors.OperationalError
    IntegrityError, InternalError = errors.IntegrityError, errors.InternalError
    ProgrammingError, NotSupportedError = errors.ProgrammingError, errors.NotSupportedError

    def __init__(self, way: Way, time_limit: float, progress: bool) -> None:
        self._way, self._time_limit, self._progress = way, time_limit, progress
        self._closed = False

    def sql(
        self,
        text: str,
        parameters: Sequence[Any] = (),
        *,
        zone: str | None = None,
        time_limit: float | None = None,
        query_id: str | None = None,
        max_age: str | None = None,
        no_cache: bool = False,
    ) -> Result:
        """Starts a SELECT over sources and metrics; `parameters` are the values of its ? or $N. `max_age`: a length such as
        "5 minutes" that a kept result may be old, whatever the sources say; `no_cache`: no kept result, and metrics from
        the source."""
        way = self._open()
        with told():
            edited = filled(text, parameters)
        with told_in(edited):
            rows = way.run(self._asked(edited.text, zone, time_limit, query_id, max_age, no_cache))
        return Result(rows, None, None, self._progress)

    def cancel(self, query_id: str) -> None:
        """Stops a statement by its id, from any thread; harmless where there is none."""
        self._open().cancel(query_id)

    def submit(
        self,
        text: str,
        parameters: Sequence[Any] = (),
        *,
        zone: str | None = None,
        time_limit: float | None = None,
        query_id: str | None = None,
        max_age: str | None = None,
        no_cache: bool = False,
        priority: Literal["interactive", "batch"] = "interactive",
    ) -> Submitted:
        """Begins the same SELECT and comes back at once: it runs on by itself, on the server whoever goes away, over a project's
        folder until the connection is closed. `priority` batch lets others go first on a server."""
        way = self._open()
        with told():
            edited = filled(text, parameters)
        task = way.submit(self._asked(edited.text, zone, time_limit, query_id, max_age, no_cache), priority)
        return Submitted(task, edited, self._progress)

    def _asked(
        self,
        text: str,
        zone: str | None,
        time_limit: float | None,
        query_id: str | None,
        max_age: str | None,
        no_cache: bool,
    ) -> Asked:
        return Asked(
            text=text,
            zone=zone,
            time_limit=self._time_limit if time_limit is None else time_limit,
            query_id=query_id or uuid.uuid4().hex[:16],
            max_age=max_age,
            no_cache=no_cache,
        )

    def submitted(self, query_id: str) -> Submitted:
        """A statement that was submitted before, over a server by whomever.

        Raises:
            ProgrammingError: there is none of that id.
        """
        return Submitted(self._open().submitted(query_id), None, self._progress)

    def query(self, metrics: Iterable[str], by: Iterable[str] = (), grain: str | None = None, **more: Any) -> Result:
        """Answers metrics, by dimensions and grain. `more` are the other keys of `POST /api/query`: start, end, where,
        zone, order, limit, top, exact, no_cache, time_limit, ..."""
        table, receipt = self._open().query(self._body(metrics, by, grain, more))
        return Result(None, table, receipt, progress=False)

    def explain(self, text: str, *, zone: str | None = None) -> str:
        """How a SELECT would run, with the SQL that each source would be sent; nothing is read but metrics."""
        return self._open().explain(text, zone)

    def explain_query(
        self, metrics: Iterable[str], by: Iterable[str] = (), grain: str | None = None, **more: Any
    ) -> Json:
        """How metrics would be answered, with every check on every rollup; nothing is read."""
        return self._open().explain_query(self._body(metrics, by, grain, more))

    def _body(self, metrics: Iterable[str], by: Iterable[str], grain: str | None, more: dict[str, Any]) -> Json:
        if unknown := set(more) - _KEYS:
            from lapwing.model.names import nearest

            name = min(unknown)
            problem = Problem("unknown-key", f"There is no key {name} here.", nearest=tuple(nearest(name, _KEYS)))
            raise errors.ProgrammingError(problem)
        names = {"metrics": _names(metrics), "by": _names(by), "grain": grain}
        return {"time_limit": self._time_limit, **names, **more}

    def tables(self) -> list[Json]:
        """What can be asked: each table, and each dataset as metrics.NAME, with its `path`, `description`, and `columns` of a
        `name` and a `type`."""
        return self._open().tables()

    def cursor(self) -> Cursor:
        self._open()
        return Cursor(self)

    def execute(self, operation: str, parameters: Sequence[Any] = ()) -> Cursor:
        """A new cursor that runs it."""
        return self.cursor().execute(operation, parameters)

    def commit(self) -> None:
        """Nothing is written, so nothing is to be kept."""
        self._open()

    def rollback(self) -> None:
        """Nothing is written, so nothing is to be undone."""
        self._open()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._way.close()

    def check(self) -> None:
        """Raises InterfaceError where it is closed."""
        self._open()

    def _open(self) -> Way:
        if self._closed:
            raise interface("closed", "The connection is closed.")
        return self._way

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_KEYS = {
    "start", "end", "zone", "where", "order", "limit", "as_known_at", "restated_since", "top", "no_cache", "cache_only",
    "max_staleness", "exact", "time_limit", "maximum_bytes_billed", "max_age",
}  # fmt: skip


def _names(given: Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)
