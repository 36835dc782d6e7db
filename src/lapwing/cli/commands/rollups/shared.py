"""What the actions on rollups share: which partitions are meant, and how moments and makers are told."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lapwing.cli import output

if TYPE_CHECKING:
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
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def who(builder: str) -> str:
    """Of `host/process/start/run` the host and the process."""
    parts = builder.rsplit("/", 3)
    return "/".join(parts[:2]) if len(parts) == 4 else builder


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as an aligned table."""
    import pyarrow as pa

    table = pa.Table.from_pylist([dict(row) for row in rows])
    output.write_rows(table.schema, table.to_batches(), "table", None)
