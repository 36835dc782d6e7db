"""lapwing rollups audit: do rollups say what their sources say?"""

from __future__ import annotations

import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project
from lapwing.cli.stopping import stopping
from lapwing.model.problem import Cancelled

if TYPE_CHECKING:
    from lapwing.cache.audit import Audit, Audited
    from lapwing.cache.incident import Incident
    from lapwing.cache.progress import BuildReport
    from lapwing.query.service import Lapwing

HELP = "compare rollups with their sources"
DESCRIPTION = """Computes states of partitions once more from the source and compares them, number by number, with those kept,
where the source is as it was when they were built. What differs goes into quarantine (answers then come from the source), and
an incident is opened with both numbers; it ends when the partition was built again and compared again. Partitions are chosen
by chance, the likelier the longer ago they were looked at. Exit code 1: something differs or could not be looked at, or an
incident is open. With --repair what differs is built again and looked at again, and the exit code is 0 when that worked.

  lapwing rollups audit --seconds 120
  lapwing rollups audit flights.main --all
  lapwing rollups audit --seconds 0          only tells the incidents"""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--seconds", type=_seconds, default=30.0, metavar="N", help="how long to look (default 30)")
    much.add_argument("--all", action="store_true", help="look at everything, whatever it takes")
    parser.add_argument("--repair", action="store_true", help="build again what differs, and look again")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 1e6:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def run(options: Namespace) -> int:
    from lapwing.cache.audit import Budget

    reports: list[BuildReport] = []
    with open_project(options) as lapwing, stopping("Stopping; what was found is noted.") as cancel:
        try:
            with shared.bar(quiet=options.json) as bar:
                budget = Budget(seconds=options.seconds, whole=options.all)
                progress = None if bar is None else _told_by(bar)
                found = lapwing.cache.audits.run(options.which, budget=budget, progress=progress, cancel=cancel)
            if options.repair:
                reports = _repair(lapwing, found, options, cancel)
            incidents = lapwing.cache.audits.incidents(options.which)
        except Cancelled:
            if not cancel.is_set():
                raise
            raise KeyboardInterrupt from None
    still = [one for one in incidents if one.resolved is None]
    if options.json:
        output.write_json(_document(found, still, reports))
    else:
        print("\n".join(_lines(found, still)))
    failed = [*found.failed, *(one for report in reports for one in report.failed)]
    for one in failed if not options.json else ():
        print(f"{one.name}: {one.problems[0]}", file=sys.stderr)
    return 1 if still or failed else 0


def _repair(lapwing: Lapwing, found: Audit, options: Namespace, cancel: threading.Event) -> list[BuildReport]:
    from lapwing.cache.audit import Budget

    audits = lapwing.cache.audits
    still = [one for one in audits.incidents(options.which) if one.resolved is None]
    if not still:
        return []
    # An ancestor follows its rollup, whose name its own begins with.
    wrong = [(one.rollup.partition("/")[0], one.start) for one in still]
    reports = shared.rebuild(lapwing, wrong, cancel, quiet=options.json)
    again = audits.run(options.which, budget=Budget(mended=True), cancel=cancel)
    found.looks += again.looks
    found.resolved += again.resolved
    return reports


def _told_by(bar: Callable[[str, float, float], None]) -> Callable[[Audited], None]:
    return lambda one: bar(one.look.rollup, one.fraction, 1.0)


def _document(found: Audit, still: Sequence[Incident], reports: Sequence[BuildReport]) -> dict[str, Any]:
    from lapwing.model.calendar import utc_iso
    from lapwing.server.describe import incident_entry

    return {
        "partitions": found.partitions,
        "looks": len(found.looks),
        "outcomes": _outcomes(found),
        "cells": sum(look.cells for look in found.looks),
        "source_rows": round(found.cost.rows),
        "source_bytes": round(found.cost.bytes),
        "seconds": round(found.seconds, 3),
        "not_equal": [
            {
                "rollup": look.rollup,
                "start": utc_iso(look.partition.start),
                "end": utc_iso(look.partition.end),
                "version": look.partition.version,
                "outcome": str(look.outcome),
                "says": look.says,
            }
            for look in found.looks
            if look.outcome != "equal"
        ],
        "opened": [incident_entry(one) for one in found.opened],
        "resolved": [incident_entry(one) for one in found.resolved],
        "open": [incident_entry(one) for one in still],
        "failed": [
            *({"name": one.name, "problems": [problem.as_dict() for problem in one.problems]} for one in found.failed),
            *shared.failures(reports),
        ],
    }


def _outcomes(found: Audit) -> dict[str, int]:
    from lapwing.cache.look import Outcome

    return {str(one): found.count(one) for one in Outcome if found.count(one)}


def _lines(found: Audit, still: Sequence[Incident]) -> Iterator[str]:
    from lapwing.cache.incident import HINT
    from lapwing.model.calendar import utc_iso

    for look in found.looks:
        if look.says and not look.outcome.wrong:
            yield f"{look.rollup} {utc_iso(look.partition.start)} could not be compared. {look.says}"
    for one in found.resolved:
        yield f"{one.rollup} {utc_iso(one.start)} is in order again. {one.resolution}"
    for one in still:
        made = f"Version {one.version}, built by {shared.who(one.builder)} at {shared.iso(one.built_at)}"
        yield f"{one.rollup} {utc_iso(one.start)} differs from its source. {one.says} {made}; incident {one.id}."
    cells = sum(look.cells for look in found.looks)
    said = ", ".join(f"{count} {outcome}" for outcome, count in _outcomes(found).items()) or "none"
    looks = f"{len(found.looks):,} looks at {found.partitions:,} partitions: {said}; {cells:,} cells"
    yield f"{looks}, about {found.cost.rows:,.0f} rows of the sources, in {found.seconds:.1f} s."
    if still:
        yield f"{len(still)} in quarantine, answered from the source. {HINT}"
