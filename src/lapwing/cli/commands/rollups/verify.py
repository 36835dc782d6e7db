"""lapwing rollups verify: is everything as it was written?"""

from __future__ import annotations

import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project
from lapwing.cli.stopping import stopping
from lapwing.model.problem import Cancelled

if TYPE_CHECKING:
    from lapwing.cache.progress import BuildReport
    from lapwing.cache.verify import Finding, Verification, Verified
    from lapwing.query.service import Lapwing

HELP = "check every chunk, directory and manifest"
DESCRIPTION = """Reads all that is kept and compares it with its checksums, directories and manifests. Exit code 1: something is
wrong. With --repair damaged partitions are put in quarantine and built again from the source, rows that nobody reads are
removed, and the exit code is 0 when that worked."""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    parser.add_argument("--repair", action="store_true", help="build again what is damaged, remove what is left over")


def run(options: Namespace) -> int:
    with open_project(options) as lapwing, stopping("Stopping.") as cancel:
        try:
            with shared.bar(quiet=options.json) as bar:
                progress = None if bar is None else _told_by(bar)
                found = lapwing.cache.upkeep.verify(options.which, progress=progress, cancel=cancel)
            reports = _repair(lapwing, found.findings, options, cancel) if options.repair and found.findings else []
        except Cancelled:
            if not cancel.is_set():
                raise
            raise KeyboardInterrupt from None
    failed = [one for report in reports for one in report.failed]
    if options.json:
        output.write_json(_document(found, options.repair, reports))
    else:
        print("\n".join(_lines(found, repaired=options.repair and not failed)))
        for one in failed:
            print(f"{one.name} could not be built. {one.problems[0]}", file=sys.stderr)
    return 1 if failed or (found.findings and not options.repair) else 0


def _repair(
    lapwing: Lapwing, findings: Sequence[Finding], options: Namespace, cancel: threading.Event
) -> list[BuildReport]:
    lapwing.cache.upkeep.put_aside(list(findings))
    damaged = [(one.rollup, one.start) for one in findings if one.start is not None and one.seen]
    return shared.rebuild(lapwing, damaged, cancel, quiet=options.json)


def _told_by(bar: Callable[[str, float, float], None]) -> Callable[[Verified], None]:
    return lambda one: bar(one.rollup, one.done, one.total)


def _document(found: Verification, repair: bool, reports: Sequence[BuildReport]) -> dict[str, Any]:
    from lapwing.model.calendar import utc_iso

    return {
        "versions": found.versions,
        "chunks": found.chunks,
        "bytes": found.bytes,
        "findings": [
            {
                "rollup": one.rollup,
                "start": None if one.start is None else utc_iso(one.start),
                "version": one.version,
                "check": one.check,
                "says": one.says,
                "seen": one.seen,
            }
            for one in found.findings
        ],
        "repaired": repair and not any(report.failed for report in reports),
        "failed": shared.failures(reports),
    }


def _lines(found: Verification, *, repaired: bool) -> Iterator[str]:
    from lapwing.model.calendar import utc_iso

    for one in found.findings:
        where = "" if one.start is None else f" {utc_iso(one.start)}"
        yield f"{one.rollup}{where} version {one.version}: {one.says}"
    looked = f"{found.versions:,} versions, {found.chunks:,} chunks, {found.bytes:,} bytes"
    if not found.findings:
        yield f"All is as it was written: {looked}."
    elif repaired:
        yield f"{len(found.findings)} repaired of {looked}."
    else:
        yield f"{len(found.findings)} wrong of {looked}. `lapwing rollups verify --repair` builds them again."
