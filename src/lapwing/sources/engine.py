"""The embedded engine: the one module that knows DuckDB.

An `Engine` is a DuckDB instance in memory that may read nothing but the folders of the project's sources. Every query
has a `Cursor` of its own, with its own zone, time limit and registered tables; an error leaves it as a `LapwingError`.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakSet

import duckdb
import pyarrow as pa
from duckdb import _seam
from duckdb._sources import ArrowScanSource

from lapwing.model.problem import Cancelled, LapwingError, Place, SourceError, TimeLimit, WrongUse
from lapwing.sources.breakable import NAG, breakable
from lapwing.sources.clock import stopped
from lapwing.sources.patience import Unanswered
from lapwing.sources.spill import spill_folder
from lapwing.sources.told import told

T = TypeVar("T")
BATCH_ROWS = 65_536
_THREAD_BYTES = 125_000_000  # what the engine's makers advise for one that groups or sorts
CLOSING = 2.0
"""Seconds for what still runs to end when the engine is closed."""
_DISABLED = "type_pushdown"
_PLACE = re.compile(r"^LINE (\d+): (.*)\n( *)\^", re.MULTILINE)
_BROKEN_LINE = re.compile(r"CSV Error on Line: (\d+)\n(?:Original Line:.*\n)?(.*)")
_FILE = re.compile(r"^ +file = (.+)$", re.MULTILINE)
_CANDIDATES = re.compile(r"(?:Candidate bindings: |Did you mean )(.*)")
_QUOTED = re.compile(r'"([^"]+)"')


class Engine:
    """A DuckDB instance. Safe to use from several threads, each with a cursor of its own.

    Args:
        memory_limit: beyond it the engine spills to a folder of its own, made when first needed and removed with the
            engine.
        threads: None takes every core.
        allowed: files and folders that may be read, and what names of `reach` may begin with; everything else on disk and
            the network is closed.
        spill: where that folder is made, if it is there when the engine first works; else under the system's for
            temporary files.
    """

    def __init__(
        self,
        memory_limit: str = "2GB",
        threads: int | None = None,
        allowed: Sequence[PurePath | str] = (),
        spill: Path | None = None,
    ) -> None:
        self._memory_limit, self._threads, self._allowed, self._spill = memory_limit, threads, allowed, spill
        self._lock = threading.Lock()
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._spilled: Path | None = None
        self._cursors: WeakSet[Cursor] = WeakSet()

    @property
    def _root(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _open(self) -> duckdb.DuckDBPyConnection:
        # A missing extension is an error at once rather than a download of seconds that fails.
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        root = duckdb.connect(":memory:", config=config)
        # DuckDB's own choice is the working folder. It makes the folder itself, so the name must be nobody else's. Where
        # it is can't be changed any more once the rest of the disk is closed.
        self._spilled = spill_folder(self._spill)
        settings: dict[str, object] = {
            "memory_limit": self._memory_limit,
            "temp_directory": str(self._spilled),
            "TimeZone": "UTC",
            "preserve_insertion_order": True,
            # It would have a CSV file's text read as the type that a statement casts it to: try_cast then fails, and
            # 2.50::varchar is 2.50 where it is 2.5.
            "disabled_optimizers": _DISABLED,
        }
        if self._threads is not None:
            settings["threads"] = self._threads
        _set(root, settings)
        folders = [str(path) for path in self._allowed]
        root.execute(f"set allowed_directories = {_literal(folders)}")
        # A database file may have siblings (its WAL) and is itself no folder.
        files = [name for path in self._allowed for name in (str(path), f"{path}.wal")]
        root.execute(f"set allowed_paths = {_literal(files)}")
        root.execute("set enable_external_access = false")
        return root

    @classmethod
    def planner(cls) -> Engine:
        """An instance that only plans: one thread; IN lists are left as conditions, and aggregates of different values where they
        stand, so that scans can show them."""
        engine = cls(memory_limit="512MB", threads=1)
        engine._root.execute(f"set disabled_optimizers = '{_DISABLED},in_clause,distinct_aggregate_rewrite'")
        return engine

    def cursor(self, zone: str = "UTC", *, watched: bool = False) -> Cursor:
        """A connection for one query at a time; `zone` is what its timestamps with time zone are shown in. Only one that is
        `watched` tells its progress, and gives rows as soon as there are some."""
        cursor = self._root.cursor()
        if watched:
            cursor.execute("set enable_progress_bar = true")
            cursor.execute("set enable_progress_bar_print = false")
            # Else it works on until it has 10 MB or has taken 50 batches of a source, before the first row is told. A kilobyte
            # is a hundred rows of two numbers.
            cursor.execute("set streaming_buffer_size = '1B'")
        if zone != "UTC":
            with mapped():
                cursor.execute(f"set TimeZone = {_literal(zone)}")
        opened = Cursor(cursor)
        self._cursors.add(opened)
        return opened

    @contextmanager
    def limited(self, memory: int) -> Iterator[None]:
        """Meanwhile the engine takes up to `memory` bytes, all its cursors together, and spills what is more; with fewer
        threads where each would have too little."""
        root = self._root
        ((threads,),) = root.execute("select current_setting('threads')").fetchall()
        before = {"memory_limit": self._memory_limit, "threads": threads}
        with mapped():
            _set(root, {"threads": min(threads, max(1, memory // _THREAD_BYTES)), "memory_limit": f"{memory}B"})
        try:
            yield
        finally:
            _set(root, before)

    def reach(self, files: Any) -> None:
        """Reads what is called `PROTOCOL://...` by a file system of fsspec's, in the place of one that had this protocol."""
        root = self._root
        with mapped():
            if root.filesystem_is_registered(files.protocol):
                root.unregister_filesystem(files.protocol)
            root.register_filesystem(files)

    def close(self) -> None:
        """What its cursors still do is broken off; what does not end then is left to end by itself."""
        with self._lock:
            until = time.monotonic() + CLOSING
            while self._opened is not None:
                try:
                    self._opened.close()
                except duckdb.ResourceInUseException:
                    for cursor in tuple(self._cursors):
                        cursor.interrupt()
                    if time.monotonic() < until:
                        time.sleep(NAG)
                        continue
                break
            if self._spilled is not None:  # the engine does so itself, but not while a cursor is still open
                shutil.rmtree(self._spilled, ignore_errors=True)


class Cursor:
    """One connection of the engine. Use it from one thread; `interrupt` and `progress` from any. At Ctrl-C `leave` is called,
    too: what feeds the engine may be what it waits for."""

    leave: Callable[[], None] | None = None

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._limit: float | None = None
        self._over = threading.Event()

    def set_time_limit(self, seconds: float | None) -> None:
        """Stops every later statement of this cursor after `seconds`."""
        self._limit = seconds
        self._connection.execute(f"set max_execution_time = {int((seconds or 0) * 1000)}")

    def stop_clock(self, moment: datetime | None, names: Collection[str]) -> None:
        """From here on it is `moment` (None: what it is) to functions of these names."""
        if moment is not None:
            self._connection.execute(stopped(moment, names))

    @contextmanager
    def within(self, seconds: float, what: str) -> Iterator[None]:
        """Breaks off inside whatever the cursor does after `seconds`, its optimizer too, which goes by no limit of the engine's.

        Raises:
            TimeLimit: it did; `what` took too long.
        """
        over, done = threading.Event(), threading.Event()
        self._over = over

        def watch() -> None:
            if done.wait(seconds):
                return
            over.set()
            self.interrupt()
            while not done.wait(NAG):  # one that came between two steps of the engine is lost
                self.interrupt()

        watching = threading.Thread(target=watch, name="time limit", daemon=True)
        watching.start()
        why: LapwingError | None = None
        try:
            yield
        except LapwingError as error:
            if not over.is_set() or isinstance(error, Unanswered):
                raise
            why = error
        finally:
            done.set()
            watching.join()
            self._over = threading.Event()
        if over.is_set():
            says = f"{what} took longer than {seconds:g} seconds and was stopped."
            hint = "Ask in a simpler way, such as by IN in the place of many ORs, or raise the time limit."
            raise TimeLimit.of("time-limit", says, hint=hint) from why

    def check(self) -> None:
        """For what is done between two calls of the engine.

        Raises:
            TimeLimit: inside `within`, whose time is over.
        """
        if self._over.is_set():
            raise TimeLimit.of("time-limit", "It took longer than it may and was stopped.")

    def execute(self, sql: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """Runs a statement to its end; its rows as tuples."""
        with mapped(self._limit, sql):
            return self._breakable(lambda: self._connection.execute(sql, parameters).fetchall())

    def table(self, sql: str) -> pa.Table:
        """Runs a SELECT to its end; its rows as Arrow."""
        with mapped(self._limit, sql):
            return self._breakable(lambda: self._submit(sql, "arrow").arrow_table())

    def schema(self, sql: str) -> pa.Schema:
        """The schema that a SELECT would give; nothing of it runs."""
        return self.described(sql)[0]

    def described(self, sql: str) -> tuple[pa.Schema, tuple[str, ...]]:
        """The schema that a SELECT would give, and the engine's names of its types; nothing of it runs."""
        with mapped(self._limit, sql):
            bound = _seam.bind(self._connection, sql)
            fields = _seam.arrow_schema(self._connection, bound.names, bound.types)  # gives one of two `a` another name
            named = [field.with_name(name) for field, name in zip(fields, bound.names, strict=True)]
            return pa.schema(named), tuple(str(kind) for kind in bound.types)

    def reader(self, sql: str, batch_rows: int = BATCH_ROWS) -> Batches:
        """Starts a SELECT; see `Batches`. Nothing else runs on this cursor until it is read or closed."""
        with mapped(self._limit, sql):
            reader = self._breakable(lambda: self._submit(sql, "stream", batch_rows).arrow_reader())
            return Batches(reader, self._limit, sql, self._breakable)

    def _submit(self, sql: str, form: str, batch_rows: int = BATCH_ROWS) -> _seam.Result:
        """As the engine's own relations run: `connection.sql` binds the statement to make one, which then binds it again."""
        return _seam.submit(self._connection, sql, None, form, batch_rows)

    def register(self, name: str, data: pa.Table | pa.RecordBatchReader, rows: int | None = None) -> None:
        """Makes Arrow data a table called `name`, for this cursor alone. A reader can be read once; `rows`, about how many it
        has, decides in which order it is joined."""
        with mapped(self._limit):
            if isinstance(data, pa.RecordBatchReader) and rows is not None:
                self._connection._register_arrow_source(name, Counted(data, rows))
            else:
                self._connection.register(name, data)

    def view(self, name: str, relation: str) -> None:
        """Makes a relation a table called `name`, for this cursor alone."""
        with mapped(self._limit):
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {relation}")

    def store(self, name: str, rows: pa.RecordBatchReader) -> None:
        """Makes what a reader has a table called `name`, for this cursor alone, which can be read again and again; what is too
        much for memory is spilled."""
        with mapped(self._limit):
            self._connection.register(f"{name}_rows", rows)
            sql = f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_rows"
            self._breakable(lambda: self._connection.execute(sql).fetchall())
            self._connection.unregister(f"{name}_rows")

    def unregister(self, name: str) -> None:
        with mapped(self._limit):
            self._connection.unregister(name)

    def interrupt(self) -> None:
        """Stops what runs; its reader gets `Cancelled`. Harmless when closed."""
        with suppress(duckdb.ConnectionException):
            self._connection.interrupt()

    def _breakable(self, call: Callable[[], T]) -> T:
        return breakable(call, self._break)

    def _break(self) -> None:
        if self.leave is not None:
            self.leave()
        self.interrupt()

    def progress(self) -> float | None:
        """The share that is done, 0 to 1, as far as the engine can tell."""
        percent = float(self._connection.query_progress())
        return None if percent < 0 else min(1.0, percent / 100)

    def close(self) -> None:
        with suppress(duckdb.Error):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Counted(ArrowScanSource):
    """A reader that tells the engine how many rows it is expected to have. The engine's own interface for that is not public
    yet, which is why its version is bounded."""

    def __init__(self, reader: pa.RecordBatchReader, rows: int) -> None:
        super().__init__(None)
        self._reader, self._rows = reader, rows

    def rows(self) -> int:
        return self._rows

    def __arrow_c_schema__(self) -> object:
        return self._reader.schema.__arrow_c_schema__()

    def stream(self, columns: object, filters: object) -> tuple[object, bool]:
        return self._reader.__arrow_c_stream__(), False


class Batches(Iterator[pa.RecordBatch]):
    """Record batches of a running SELECT, with `schema`. Errors leave it mapped."""

    def __init__(
        self,
        reader: pa.RecordBatchReader,
        limit: float | None,
        sql: str,
        breakable: Callable[[Callable[[], pa.RecordBatch]], pa.RecordBatch],
    ) -> None:
        self._reader, self._limit, self._sql, self._breakable = reader, limit, sql, breakable
        self.schema: pa.Schema = reader.schema

    def __next__(self) -> pa.RecordBatch:
        with mapped(self._limit, self._sql):
            return self._breakable(self._reader.read_next_batch)

    def close(self) -> None:
        self._reader.close()


@contextmanager
def mapped(limit: float | None = None, sql: str | None = None) -> Iterator[None]:
    """Turns what the engine raises into a LapwingError, with its place in `sql`. Errors of a stream that feeds the
    engine pass through as they were raised, where the engine still has them."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise map_error(error, limit, sql) from error


def map_error(error: BaseException, limit: float | None = None, sql: str | None = None) -> LapwingError:
    """The LapwingError for an error of the engine that ran `sql`."""
    if (known := _known(error)) is not None:
        return known
    # A message that the engine cut within a letter.
    text = error.object.decode(errors="replace") if isinstance(error, UnicodeDecodeError) else str(error)
    if (ours := told(text)) is not None:
        return ours
    if "maximum execution time" in text:
        return TimeLimit.of(
            "time-limit",
            f"The time limit of {limit or 0:g} s is over.",
            hint="Narrow the question, or raise the limit.",
        )
    if isinstance(error, duckdb.InterruptException) or "INTERRUPT Error" in text:
        return Cancelled.of("cancelled", "The query was cancelled.")
    if (of_file := _of_file(text)) is not None:
        return of_file
    message, place = _words(text, sql)
    if message.startswith("Division by zero"):
        says = f"{message.partition('. Use TRY')[0].rstrip('.')}."  # what it goes on to advise is not for statements
        return WrongUse.of("division-by-zero", says, place=place, hint="Write nullif(divisor, 0) to get null there.")
    if message.startswith(_OF_VALUES):  # of classes that tell of something else
        return WrongUse.of("invalid-input", message, place=place)
    nearest = tuple(name for line in _CANDIDATES.findall(text) for name in _QUOTED.findall(line))[:3]
    for kind, code in _CODES:
        if isinstance(error, kind) or text.startswith(_STREAMED.get(code, ())):
            instead = "Write try_cast to get null there." if " casting from source column " in message else None
            return WrongUse.of(code, message, place=place, nearest=nearest, hint=instead)
    if isinstance(error, UnicodeDecodeError):
        return WrongUse.of("invalid-input", message, place=place)
    if isinstance(error, duckdb.OutOfMemoryException) or text.startswith(_NO_ROOM):
        says = f"There is not the memory for it: {message[:1].lower()}{message[1:]}"
        hint = "Narrow the question, ask it when less runs, or raise `memory` in lapwing.yaml."
        return SourceError.of("memory-limit", says, hint=hint)
    return SourceError.of("engine-failed", message, place=place)


def _of_file(text: str) -> LapwingError | None:
    """What is wrong with a file, where the engine tells of that."""
    if found := _BROKEN_LINE.search(text):
        file = _FILE.search(text)
        where = f"Line {found[1]} of {Path(file[1]).name if file else 'a CSV file'}"
        sentence = re.sub(r'Error when converting column "(.*?)"\. ', r"column \1: ", found[2]).strip().rstrip(".")
        says = f"{where} can't be read: {sentence}."
        hint = "Mend the line. A column's type is that of the file's first 20,480 lines."
        return SourceError.of("broken-line", says, hint=hint)
    if _TORN.search(text):
        says = "A Parquet file can't be read: it was replaced while it was read, or is damaged."
        hint = "Ask again. If it stays so, read its tables one by one to find it."
        return SourceError.of("unreadable-file", says, hint=hint)
    return None


def _known(error: BaseException) -> LapwingError | None:
    """The error of ours that it came of."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, LapwingError):
        cause = cause.__cause__ or cause.__context__
    return cause


_TORN = re.compile("TProtocolException|don't know what type|invalid TType|bytes outside file|not read enough bytes")
"""What the engine makes of bytes that lie elsewhere in a file than its footer said."""
_OF_VALUES = ("Error parsing json", "Can't convert VARIANT")
_NO_ROOM = "Out of Memory Error: "
_STREAMED = {
    "conversion": ("Conversion Error: ",),
    "out-of-range": ("Out of Range Error: ",),
    "invalid-input": ("Syntax Error: ",),
}
"""How an error of these kinds begins that came amid the rows, where Arrow has taken its class."""
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (duckdb.ParserException, "syntax"),
    (duckdb.BinderException, "unknown-column"),
    (duckdb.CatalogException, "unknown-name"),
    (duckdb.PermissionException, "not-allowed"),
    (duckdb.ConversionException, "conversion"),
    (duckdb.OutOfRangeException, "out-of-range"),
    (duckdb.InvalidInputException, "invalid-input"),
    (duckdb.SyntaxException, "invalid-input"),  # of what a function is given; that of statements is the parser's
    (duckdb.TypeMismatchException, "invalid-input"),
    (duckdb.NotImplementedException, "not-implemented"),
)


def _words(text: str, sql: str | None) -> tuple[str, Place | None]:
    """The first sentence of an engine's message, and its place in `sql`."""
    message = text.split("\n\n")[0].split("\nCandidate bindings")[0].split("\nDid you mean")[0]
    message = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", message).strip()
    message = re.sub(r", or SET \w+.*", "", message, flags=re.DOTALL)  # settings are not for those who ask
    return (message if message.endswith((".", "!")) else f"{message.rstrip(';')}."), _place(text, sql) if sql else None


def _place(text: str, sql: str) -> Place | None:
    """The engine echoes the line with a caret below, cut on both sides where it is long."""
    found = _PLACE.search(text)
    if found is None or int(found[1]) > sql.count("\n") + 1:
        return None
    line, echo = sql.split("\n")[int(found[1]) - 1], found[2]
    shift = len(found[3]) - len(f"LINE {found[1]}: ")
    cut = 3 if echo.startswith("...") else 0
    begin = line.find(echo[cut:].removesuffix("..."))
    return Place(line=int(found[1]), column=begin + shift - cut + 1 if begin >= 0 else None)


def _set(root: duckdb.DuckDBPyConnection, settings: Mapping[str, object]) -> None:
    """Globally: else cursors would not have it."""
    for name, value in settings.items():
        root.execute(f"set global {name} = {_literal(value)}")


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(_literal(item) for item in value)}]"
    return "'" + str(value).replace("'", "''") + "'"
