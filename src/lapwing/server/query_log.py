"""What was asked, by whom, at what cost and how it ended: a line of JSON for each statement that ended.

Lines are written by a thread of its own, so that nobody waits for a disk; where it can't keep up, or the disk is full,
lines are dropped and their number is told by the next one that is written (`dropped`). Two files share the budget: when
the newer has half of it, it takes the place of the older.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog

from lapwing.model.project import QueryLogConfig
from lapwing.server.queries import Query
from lapwing.sources.bill import cost_of

_MOST_PENDING = 10_000
_LONGEST_TEXT = 10_000
_log = structlog.get_logger("lapwing.server")


class QueryLog:
    """The log in `folder`, as `config` wants it; nothing is opened before the first line. Safe from several threads."""

    def __init__(self, folder: Path, config: QueryLogConfig) -> None:
        self._new, self._old = files(folder)
        self._config = config
        self._pending: queue.Queue[Query | None] = queue.Queue(_MOST_PENDING)
        self._dropped = 0
        self._failing = False
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, query: Query) -> None:
        """Takes a statement that has ended; never blocks and never fails."""
        if not self._config.bytes:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="query log", daemon=True)
                self._thread.start()
        try:
            self._pending.put_nowait(query)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Writes what is pending, for a second at most."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            try:
                self._pending.put(None, timeout=1)
            except queue.Full:
                return
            thread.join(1)

    def _work(self) -> None:
        last = False
        while not last:
            lines: list[dict[str, Any]] = []
            one = self._pending.get()
            while one is not None:
                lines.append(entry(one, texts=self._config.texts))
                try:
                    one = self._pending.get_nowait()
                except queue.Empty:
                    break
            last = one is None
            if lines:
                self._write(lines)

    def _write(self, lines: list[dict[str, Any]]) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines[0] = {**lines[0], "dropped": dropped}
        try:
            self._rotate()
            self._new.parent.mkdir(parents=True, exist_ok=True)
            with self._new.open("ab") as file:
                file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
            self._failing = False
        except OSError as error:
            self._dropped += dropped + len(lines)
            if not self._failing:
                _log.warning("the log of queries can't be written", file=str(self._new), error=str(error))
            self._failing = True

    def _rotate(self) -> None:
        """Makes room by size and by age."""
        now, keep = datetime.now(UTC), self._config.keep
        if self._old.exists() and _written(self._old) < now - keep:
            self._old.unlink()
        if not self._new.exists():
            return
        first = next(_lines(self._new), None)
        old = first is not None and datetime.fromisoformat(first["began"]) < now - keep / 2
        if old or self._new.stat().st_size >= self._config.bytes // 2:
            self._new.replace(self._old)


def files(folder: Path) -> tuple[Path, Path]:
    """The newer and the older file."""
    return folder / "queries.jsonl", folder / "queries.1.jsonl"


def entry(query: Query, *, texts: bool) -> dict[str, Any]:
    """The line of a statement that has ended. `digest` is of its text, `plan` of what sources and engine were sent; sizes in
    bytes, times in milliseconds. `kept`: when the result was kept that was told again."""
    scans = () if query.progress is None else query.progress.scans
    cost = cost_of([scan.spent for scan in scans])
    sql = [] if query.plan is None else [*(scan.shown for scan in query.plan.scans), query.plan.residual.sql]
    return {
        "id": query.id,
        "began": query.began.isoformat(timespec="milliseconds"),
        "who": query.who,
        "door": query.door,
        "priority": query.priority,
        "text": query.text[:_LONGEST_TEXT] if texts else None,
        "digest": digest(query.text),
        "plan": digest("\n".join(sql)) if sql else None,
        "state": query.state,
        "code": query.code,
        "rows": query.rows,
        "bytes": query.last["bytes"],
        "sources": 0 if query.plan is None or query.kept else len(query.plan.scans),
        "rows_read": sum(scan.rows for scan in scans),
        "bytes_read": sum(scan.bytes for scan in scans),
        "bytes_billed": cost.bytes_billed,
        "kept": query.kept,
        "retries": sum(scan.retries for scan in scans),
        "waited": round(query.waited * 1e3, 3),
        "milliseconds": round(query.milliseconds, 3),
    }


def digest(text: str) -> str:
    """Sixteen hexadecimal digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read(
    folder: Path, *, keep: timedelta, since: datetime | None = None, who: str | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The last `limit` lines, the one that ended last first, none older than `keep`."""
    oldest = datetime.now(UTC) - keep
    after = oldest if since is None else max(oldest, since)
    found = [
        line
        for file in reversed(files(folder))
        for line in _lines(file)
        if (who is None or line["who"] == who) and datetime.fromisoformat(line["began"]) >= after
    ]
    return found[::-1][:limit]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """A line cut by the end of a process is no line."""
    try:
        with file.open("rb") as lines:
            for line in lines:
                try:
                    found = orjson.loads(line)
                    datetime.fromisoformat(found["began"])
                    yield {**found, "who": str(found["who"])}
                except (ValueError, KeyError, TypeError):
                    continue
    except FileNotFoundError:
        return


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
