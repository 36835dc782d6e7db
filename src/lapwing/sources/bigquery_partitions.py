"""When each partition of a table was last written, by INFORMATION_SCHEMA.PARTITIONS."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lapwing.sources.bigquery_stream import retry
from lapwing.states.dialects import dialect_of

_FORMS: Final = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
_PARTITIONS_SECONDS: Final = 60.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The partitions of a table, by their ids, while `whole` is its mark."""

    whole: str
    marks: dict[str, str]


class Partitions:
    """Marks of stretches of partitioned tables. The partitions of a table are asked for by one statement, which is billed as
    every one is, and again when the table has changed. Safe to use from several threads."""

    def __init__(self, config: Callable[[], Any]) -> None:
        self._config = config
        self._seen: dict[tuple[str, str, str], _Seen] = {}
        self._lock = threading.Lock()

    def mark(
        self, client: Any, path: tuple[str, str, str], kind: str, start: int, end: int, whole: str, buffered: int
    ) -> str:
        """The mark of `[start, end)` (microseconds) of the table whose mark is `whole`. `buffered` rows are in no partition
        yet. Where the partitions can't be told apart, it is that of the whole table."""
        if kind not in _FORMS:
            return whole
        with self._lock:
            seen = self._seen.get(path)
            if seen is None or seen.whole != whole:
                seen = self._seen[path] = _Seen(whole, self._ask(client, path))
        first, last = _id(start, kind), _id(end - 1, kind)
        touched = sorted(f"{name} {mark}" for name, mark in seen.marks.items() if first <= name <= last)
        return f"{'; '.join(touched)} {buffered}"

    def _ask(self, client: Any, path: tuple[str, str, str]) -> dict[str, str]:
        project, dataset, name = path
        engine = dialect_of("bigquery")
        told = client.query(
            "SELECT partition_id, UNIX_MICROS(last_modified_time) AS changed, total_rows AS n, total_logical_bytes AS size\n"
            f"FROM {engine.quote(f'{project}.{dataset}.INFORMATION_SCHEMA.PARTITIONS')}\n"
            f"WHERE table_name = {engine.literal(name)}",
            job_config=self._config(),
            retry=retry(),
            job_retry=None,
            timeout=_PARTITIONS_SECONDS,
        )
        rows = told.result(retry=retry(), job_retry=None, timeout=_PARTITIONS_SECONDS)
        return {row["partition_id"]: f"{row['changed']} {row['n']} {row['size']}" for row in rows}


def _id(moment: int, kind: str) -> str:
    """The partition of a moment; times that datetime has not are in the first or the last one."""
    try:
        return format(_EPOCH + timedelta(microseconds=moment), _FORMS[kind])
    except OverflowError:
        return "0" if moment < 0 else "9999"
