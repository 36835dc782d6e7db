"""A plan in words: the engine's operators as a tree, then each scan with its SQL and what stayed, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lapwing.model.size import counted, shown_size
from lapwing.sql.document import plan_document
from lapwing.sql.nodes import Plan, Scan
from lapwing.sql.run import Progress


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a statement would run, or how it ran: then `progress` and `milliseconds` tell. `estimates` are bytes that scans
    would be billed for, by their ids; `asides`, lines about what is around it."""

    plan: Plan
    estimates: Mapping[str, int]
    progress: Progress | None = None
    milliseconds: float | None = None
    asides: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        told = explain(self.plan, self.progress, self.milliseconds, estimates=self.estimates)
        return "\n".join((told, *self.asides))

    @property
    def document(self) -> dict[str, Any]:
        """As JSON; see `plan_document`."""
        ran = self.progress
        made = None if ran is None else {"rows": ran.rows, "bytes": ran.bytes, "milliseconds": self.milliseconds}
        return {**plan_document(self.plan, ran, self.estimates), "ran": made}


def explain(
    plan: Plan,
    progress: Progress | None = None,
    milliseconds: float | None = None,
    *,
    estimates: Mapping[str, int] | None = None,
) -> str:
    """The text of EXPLAIN; with `progress` (after running), that of EXPLAIN ANALYZE. `estimates` are bytes that scans would
    be billed for, by their ids."""
    lines = [f"Statement, {plan.where}:"]
    lines += [f"  {'  ' * depth}{step}" for depth, step in plan.steps]
    done = {scan.id: scan for scan in progress.scans} if progress else {}
    for scan in plan.scans:
        lines += ["", scan.description]
        if scan.id in done:
            many = done[scan.id].connections
            lately = (
                ", those that another statement read lately: the source was not asked" if done[scan.id].kept else ""
            )
            over = f", over {many} connections at once" if many > 1 else ""
            expected = f" (about {scan.rows:,} expected)" if scan.rows is not None else ""
            lines.append(
                f"  read {counted(done[scan.id].rows, 'row')}{expected}, {counted(done[scan.id].bytes, 'byte')}{over}{lately}"
            )
            if done[scan.id].retries:
                lines.append(f"  begun again {done[scan.id].retries} times: {done[scan.id].trouble}")
            if (spent := done[scan.id].spent) is not None:
                lines.append(f"  billed for {shown_size(spent.bytes_billed)} of {scan.table.source}")
        if estimates and scan.id in estimates:
            lines.append(f"  would read {shown_size(estimates[scan.id])} of {scan.table.source}, which charges for it")
        lines += [f"  {line}" for line in _scan(scan)]
    for name in plan.given.values():
        lines += ["", f"given.{name}: handed in with the statement"]
    if estimates and len(estimates) > 1:
        lines += ["", f"All together it would read {shown_size(sum(estimates.values()))}."]
    lines += ["", *plan.notes] if plan.notes else []
    if progress is not None and milliseconds is not None:
        lines += ["", f"{counted(progress.rows, 'row')}, {counted(progress.bytes, 'byte')} in {milliseconds:,.1f} ms"]
    return "\n".join(lines)


def _scan(scan: Scan) -> list[str]:
    lines = [f"filter at the source: {one.text}" for one in scan.pushed]
    if scan.unread:
        lines.append(f"not read, needed by nothing else: {', '.join(column.name for column in scan.unread)}")
    lines += [f"filter in the engine: {one.text}, because {one.reason}" for one in scan.kept]
    if not scan.native:
        lines += [f"rows at the source only with {key}" for key in scan.keys]
    if scan.shares is not None:
        return [*lines, f"its rows are those that {scan.shares} reads"]
    if scan.held:
        lines += [f"rows only with {key}" for key in scan.keys]
        return [*lines, "the engine reads it itself, once, before the statement:", f"  {scan.shown}"]
    if scan.native:
        return [*lines, "the engine reads it itself:", f"  {scan.shown}"]
    if not scan.used:
        lines.append("the plan does not need its rows; it is read only if the engine asks after all")
    how = "kept, because the plan scans it more than once" if scan.many else "streamed"
    sent = [f"-- {scan.table.path} as {scan.alias}, {how}", *scan.shown.splitlines()]
    return [*lines, f"sent to {scan.table.source}:", *(f"  {line}" for line in sent)]
