"""What tells that a table of PostgreSQL has no other rows than before: that nobody has written anything to the cluster since.

Equal snapshots see the same rows of every table, as each write has a transaction's number. A standby numbers nothing, so there
it is how far it has replayed what was written. Both begin anew where a server does: its start is part of them. Numbers do not
tell which tables were written, so this pays where data comes now and then, a warehouse's say.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from lapwing.sources.base import Column
from lapwing.sources.quote import text

PATIENCE: Final = 5.0
"""Seconds that an answer may wait for it: it takes one or two thousandths of one, but for a server that hangs."""
BUSY: Final = 2.0
"""Seconds: where two looks within so many differ, somebody is writing, and what would be kept is of no use."""
VERSION: Final = (Column("of", "VARCHAR"), Column("unwritten", "VARCHAR"))
_HEAP: Final = "(0, 2)"
"""Access methods: what else extensions bring may keep its rows elsewhere."""


def version_sql(relation: str) -> str:
    """The table's number and what stays while nobody writes; no row of what may change by itself: views, tables of other servers,
    rows that are shown by conditions."""
    return f"""WITH RECURSIVE made AS (
  SELECT oid, relkind, relrowsecurity, relam FROM pg_class WHERE oid = {text(relation)}::regclass
  UNION SELECT c.oid, c.relkind, c.relrowsecurity, c.relam FROM made
  JOIN pg_inherits i ON i.inhparent = made.oid JOIN pg_class c ON c.oid = i.inhrelid)
SELECT {text(relation)}::regclass::oid::text AS of, concat_ws(' ', '', current_database(), pg_postmaster_start_time(),
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text ELSE pg_current_snapshot()::text END) AS unwritten
FROM made HAVING bool_and(relkind IN ('r', 'p', 'm') AND relam IN {_HEAP} AND NOT relrowsecurity)"""


class Quiet:
    """Remembers when it saw the last change. Safe from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: tuple[str, float] | None = None
        self._changed: float | None = None
        self._lock = Lock()

    def seems(self, found: str) -> bool:
        """Whether nobody seems to be writing, by what a look has found."""
        with self._lock:
            now = self._clock()
            if self._last is not None and self._last[0] != found and now - self._last[1] < BUSY:
                self._changed = now
            self._last = found, now
            return self._changed is None or now - self._changed >= BUSY
