"""The versions of what a statement reads, as far as its sources tell them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Source
from lapwing.sql.nodes import Plan


@dataclass(frozen=True, slots=True)
class Versions:
    """By the paths of tables; None, and `why`, where an answer may be another though nothing tells. `known`: those that are,
    though others are not."""

    of: Mapping[str, str] | None
    why: str = ""
    known: Mapping[str, str] = field(default_factory=dict)


def versions_of(plan: Plan, sources: Mapping[str, Source], *, anew: bool = False) -> Versions:
    """Those of all tables of the statement as they are now; `anew`: nothing that a source remembers is taken for now."""
    if plan.passing:
        return Versions(None, f"{', '.join(plan.passing)}: another value each time")
    if any(scan.table.source not in sources for scan in plan.scans):
        return Versions(None, "the cluster that runs it tells no versions")
    found: dict[str, str] = {}
    why = ""
    for scan in (plan.whole or plan).scans:
        table = scan.table
        if table.path in found:
            continue
        try:
            version = sources[table.source].version(table, anew=anew)
        except LapwingError:
            version = None  # reading tells what is wrong
        if version is None:
            why = why or f"{table.path} tells no version, or was written a moment ago"
            continue
        found[table.path] = hashlib.sha256(version.encode(errors="surrogateescape")).hexdigest()[:24]
    return Versions(None, why, found) if why else Versions(found, known=found)
