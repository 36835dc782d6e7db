"""What the actions on rollups share: which partitions are meant, and how moments and makers are told."""

from __future__ import annotations

import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.commands.build import build_progress

if TYPE_CHECKING:
    from lapwing.cache.progress import BuildReport
    from lapwing.query.service import Lapwing


def which(parser: ArgumentParser, *, required: bool = False) -> None:
    """The positional argument that names rollups."""
    says = "a dataset or one rollup" if required else "default: all rollups of all datasets"
    parser.add_argument("which", nargs=None if required else "?", metavar="DATASET[.ROLLUP]", help=says)


def stretch(parser: ArgumentParser) -> None:
    """The flags that name partitions by their time."""
    parser.add_argument("--from", dest="start", metavar="T", help="only partitions that end after T")
    parser.add_argument("--to", dest="end", metavar="T", help="only partitions that start before T")


def stretch_of(options: Namespace, lapwing: Lapwing) -> tuple[int | None, int | None]:
    """The stretch that the flags mean, UTC microseconds."""
    from lapwing.model.timerange import parse_range

    project = lapwing.project
    return parse_range(
        options.start, options.end, now=lapwing.now(), zone=project.timezone, week_start=project.week_start
    )


def moment(text: str, lapwing: Lapwing) -> float:
    """A moment of real time, in seconds since 1970: data may be of the past, what is known of it is not."""
    from lapwing.model.timerange import parse_range

    project = lapwing.project
    start, _ = parse_range(text, None, now=datetime.now(UTC), zone=project.timezone, week_start=project.week_start)
    assert start is not None
    return start / 1e6


def iso(seconds: float | None) -> str | None:
    """A moment in seconds since 1970 as ISO 8601 text."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def who(builder: str) -> str:
    """Of `host/process/start/run` the host and the process."""
    parts = builder.rsplit("/", 3)
    return "/".join(parts[:2]) if len(parts) == 4 else builder


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as an aligned table."""
    import pyarrow as pa

    table = pa.Table.from_pylist([dict(row) for row in rows])
    output.write_rows(table.schema, table.to_batches(), "table", None)


def rebuild(
    lapwing: Lapwing, partitions: Iterable[tuple[str, int]], cancel: threading.Event, *, quiet: bool
) -> list[BuildReport]:
    """Builds partitions (rollup, start) that are in quarantine again."""
    starts: dict[str, list[int]] = {}
    for rollup, start in partitions:
        starts.setdefault(rollup, []).append(start)
    with build_progress(quiet=quiet) as progress:
        return [
            lapwing.cache.build(rollup, start=min(of), end=max(of) + 1, progress=progress, cancel=cancel)
            for rollup, of in starts.items()
        ]


@contextmanager
def bar(*, quiet: bool) -> Iterator[Callable[[str, float, float], None] | None]:
    """A bar on a terminal: tells what is at work, how much is done, of how much."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as shown:
        task = shown.add_task("looking", total=None)
        yield lambda name, done, total: shown.update(task, description=name, completed=done, total=total)


def failures(reports: Iterable[BuildReport]) -> list[dict[str, Any]]:
    """What could not be built, as JSON data."""
    return [
        {"name": one.name, "problems": [problem.as_dict() for problem in one.problems]}
        for report in reports
        for one in report.failed
    ]
