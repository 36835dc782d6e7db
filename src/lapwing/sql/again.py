"""What a statement goes on with that failed before its first row: planned anew where a source (or a file) changed meanwhile,
or by the plan over rows where one over groups, or elsewhere, failed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from lapwing.model.problem import Cancelled, LapwingError, Refused, SourceError, TimeLimit, Unavailable
from lapwing.sources.base import Source, Table
from lapwing.sources.passing import Passing
from lapwing.sql.nodes import Plan


class Again:
    """Of one statement. `anew` plans it anew, told of what changed; `over_rows` has the plan over rows that a plan knows, told
    why that one failed."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        anew: Callable[[Plan, str], Plan],
        over_rows: Callable[[Plan, LapwingError], Plan],
    ) -> None:
        self._sources, self._anew, self._over_rows = sources, anew, over_rows
        self._changed: str | None = None

    def plan(self, plan: Plan, why: LapwingError, failed: Collection[str]) -> Plan | None:
        """The plan to go on with, None where there is none. `failed`: the sources whose reads did.

        Raises:
            SourceError: a table changed for the second time, or so that the result's columns would be others.
            NotFound, WrongUse: the statement does not suit the changed tables.
        """
        if isinstance(why, TimeLimit | Cancelled | Refused):
            return None
        if isinstance(why, Passing | Unavailable):  # another plan would be told the same, unless it asks others
            return self._over_rows(plan.whole, why) if plan.whole is not None and _elsewhere(plan, plan.whole) else None
        changed = next(self._changes(plan, failed), None)
        if changed is None and self._changed is None and why.problems[0].code == "unreadable-file":
            changed = "a file was replaced while it was read"
        if changed is None:
            return None if plan.whole is None else self._over_rows(plan.whole, why)
        if self._changed is not None:
            says = f"Tables change while they are read: {self._changed}, and after it was planned anew {changed}."
            raise SourceError.of("source-changed", says, hint="Ask again once their owner is done.") from why
        self._changed = changed
        return self._anew(plan, changed)

    def _changes(self, plan: Plan, failed: Collection[str]) -> Iterator[str]:
        """What is otherwise now than it was planned."""
        try:
            for name in failed:
                self._sources[name].forget()
            for table in {scan.table.path: scan.table for scan in (plan.whole or plan).scans}.values():
                there = (one for one in self._sources[table.source].tables() if one.path == table.path)
                if (says := difference(table, next(there, None))) is not None:
                    yield says
        except LapwingError:
            return  # why the statement failed tells more


def _elsewhere(plan: Plan, other: Plan) -> bool:
    """Whether the other plan asks other sources: what a cluster was to run can be read from where its tables are."""
    return {scan.table.source for scan in plan.scans}.isdisjoint(scan.table.source for scan in other.scans)


def difference(before: Table, now: Table | None) -> str | None:
    """In what a table differs from what it was; None: in nothing that a statement is planned by."""
    if now is None:
        return f"{before.path} is not there any more"
    columns = {column.name: column for column in now.columns}
    for column in before.columns:
        there = columns.get(column.name)
        if there is None:
            return f"{before.path} has no column {column.name} any more"
        if there.type != column.type:
            return f"the column {column.name} of {before.path} was {column.type} and is {there.type}"
    return None if before.columns == now.columns else f"the columns of {before.path} are others"
