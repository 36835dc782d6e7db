"""Plans of statements that were asked before: planning takes longer than a small answer."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Source
from lapwing.sql.nodes import Plan

KEPT = 500
SECONDS = 60.0
"""So long what sources said of their numbers of rows is held for true."""


Asked = tuple[str, str, str]
"""A statement's text, its zone, and the engine it is to run on ("": the project's)."""


@dataclass(frozen=True, slots=True)
class _Known:
    plan: Plan
    since: float


class Plans:
    """Safe to use from several threads. A plan is given again only while its tables are what they were: their columns,
    their estimates, and of those that the engine reads itself their files."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._known: OrderedDict[Asked, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, asked: Asked, make: Callable[[], Plan]) -> Plan:
        """The plan of a statement, made if it has to be. Raises as `make` does."""
        with self._lock:
            known = self._known.get(asked)
        if known is not None and time.monotonic() - known.since < SECONDS and self.holds(known.plan):
            return known.plan
        plan = make()
        with self._lock:
            if plan.lasting:
                self._known[asked] = _Known(plan, time.monotonic())
                self._known.move_to_end(asked)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return plan

    def forget(self, text: str) -> None:
        """The statement is planned anew."""
        with self._lock:
            for key in [key for key in self._known if key[0] == text]:
                del self._known[key]

    def holds(self, plan: Plan) -> bool:
        """Whether the tables of a plan are what they were."""
        try:
            scans = (plan.whole or plan).scans
            there = {name: self._sources[name].tables() for name in {scan.table.source for scan in scans}}
            if not all(replace(scan.table, body="") in there[scan.table.source] for scan in scans):
                return False
            native = {(scan.table.path, scan.sql): scan for scan in scans if scan.native}  # of several mentions one
            return all(self._sources[one.table.source].relation(one.table) == one.sql for one in native.values())
        except LapwingError:
            return False  # planning tells what is wrong
