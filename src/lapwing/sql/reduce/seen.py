"""How many rows scans had when they were read: what the next plan goes by, whatever statistics say.

Statistics know nothing of how the values of several tables lie together: the days of one year are a hundredth of a calendar,
and a fifth of all sales. See Stillger, Lohman, Markl, Kandil: LEO, DB2's learning optimizer, VLDB 2001.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence

from lapwing.sql.nodes import Key, Plan, Scan

KEPT = 0.3
"""The share of rows that a condition leaves which only the engine can look at."""
FAR = 2.0
"""A number of rows that differs from the expected by more is worth another look at the plan."""
REMEMBERED = 5_000


class Seen:
    """Safe to use from several threads. Rows are of a table as it was by its statistics, under conditions and keys."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, plan: Plan, rows: Mapping[str, int]) -> bool:
        """Remembers the rows that scans had, by their ids; whether one is far from what the plan took it for."""
        scans = {scan.id: scan for scan in plan.scans}
        read = {key: number for key, number in rows.items() if scans[key].limit is None}
        keys = {scan.id: scan.keys for scan in plan.scans}
        with self._lock:
            for key, number in read.items():
                name = _name(scans[key], keys, scans)
                self._rows[name] = number
                self._rows.move_to_end(name)
            while len(self._rows) > REMEMBERED:
                self._rows.popitem(last=False)
        return any(_far(left(scans[key], number), scans[key].rows) for key, number in read.items())

    def rows(self, scan: Scan, keys: Mapping[str, Sequence[Key]], scans: Mapping[str, Scan]) -> float | None:
        """What the scan left with these `keys`, its providers with theirs; None where it was not read so."""
        name = _name(scan, keys, scans)
        with self._lock:
            found = self._rows.get(name)
        return None if found is None else left(scan, found)


def left(scan: Scan, rows: float) -> float:
    """About how many of the rows of its source the scan's own conditions leave."""
    return max(1.0, rows * (1.0 if scan.native else KEPT ** min(2, len(scan.kept))))


def _far(one: float, other: int | None) -> bool:
    return other is not None and not 1 / FAR <= (one + 1) / (other + 1) <= FAR


def _name(scan: Scan, keys: Mapping[str, Sequence[Key]], scans: Mapping[str, Scan]) -> Hashable:
    """The same for scans of the same rows, in whatever statement."""
    table, conditions = scan.table, tuple(one.text for one in scan.conditions)
    reduced = frozenset(
        (key.column.name, key.provided.name, _name(scans[key.provider], keys, scans)) for key in keys.get(scan.id, ())
    )
    return table.path, table.body, table.rows, scan.where, conditions, reduced
