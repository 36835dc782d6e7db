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
LOOKS = 4
"""So often a plan is reduced anew by what was seen when it ran; data that are others each time would have it so each time."""


@dataclass(frozen=True, slots=True)
class _Known:
    """`bare`: the plan before its scans were reduced by each other. `doubted`: it ran, and rows were not as expected."""

    plan: Plan
    bare: Plan
    since: float
    looks: int = 0
    doubted: bool = False


class Plans:
    """Safe to use from several threads. A plan is given again only while its tables are what they were: their columns,
    their estimates, and of those that the engine reads itself their files. `reduced` has its scans reduced by each other."""

    def __init__(self, sources: Mapping[str, Source], reduced: Callable[[Plan], Plan]) -> None:
        self._sources, self._reduced = sources, reduced
        self._known: OrderedDict[Asked, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def plan(self, asked: Asked, make: Callable[[], Plan]) -> Plan:
        """The plan of a statement; where it has to be, `make` makes it, and it is reduced. Raises as these do."""
        with self._lock:
            known = self._known.get(asked)
        if known is None or time.monotonic() - known.since >= SECONDS or not self.holds(known.plan):
            bare = make()
            known = _Known(self._reduced(bare), bare, time.monotonic())
        elif known.doubted:
            plan = self._reduced(known.bare)
            known = replace(known, plan=plan, looks=known.looks + 1, doubted=False)
        else:
            return known.plan
        with self._lock:
            if known.plan.lasting:
                self._known[asked] = known
                self._known.move_to_end(asked)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return known.plan

    def doubt(self, plan: Plan) -> None:
        """Next time it is reduced anew."""
        with self._lock:
            for asked, known in self._known.items():
                if known.plan is plan and known.looks < LOOKS:
                    self._known[asked] = replace(known, doubted=True)
                    return

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
