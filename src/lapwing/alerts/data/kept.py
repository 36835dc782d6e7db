"""Whether rollups can be kept, and are what their source says."""

from __future__ import annotations

from lapwing.alerts.data.constants import TROUBLES
from lapwing.alerts.data.facts import Facts
from lapwing.alerts.data.finding import Finding
from lapwing.cache.runs import Result


def builds(facts: Facts) -> Finding | None:
    """The last build failed, or the source has not answered several times in a row."""
    failed = [run for run in facts.runs if run.result is Result.FAILED and run.problem is not None]
    if failed:
        first = min(failed, key=lambda run: run.began)
        problem, more = first.problem, f" So did {len(failed) - 1} more." if len(failed) > 1 else ""
        assert problem is not None
        says = f"{first.rollup} could not be built: {problem.message}{more}"
        since = facts.seen.newest if facts.seen.newest is not None else facts.at
        return Finding(kind="builds", says=says, start=min(since, facts.at))
    if facts.trouble is not None and facts.seen.troubles >= TROUBLES:
        begun = facts.seen.trouble_since
        return Finding(kind="builds", says=facts.trouble.message, start=facts.at if begun is None else begun)
    return None


def audit(facts: Facts) -> Finding | None:
    """A rollup differs from its source, both as of one moment."""
    found = [one for one in facts.audits if one.resolved is None]
    if not found:
        return None
    first = min(found, key=lambda one: one.opened)
    more = f" {len(found) - 1} more partitions differ." if len(found) > 1 else ""
    return Finding(
        kind="audit",
        says=f"{first.rollup} differs from its source: {first.says}{more}",
        start=min(one.start for one in found),
        end=max(one.end for one in found),
        size=float(len(found)),
    )
