"""lapwing detect: what is unusual in one series, of a CSV file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.column_flags import columns_of
from lapwing.model.problem import WrongUse

if TYPE_CHECKING:
    import pyarrow as pa

    from lapwing.alerts.novelty.detector import Novelty, Progress
    from lapwing.alerts.series_file import Series

HELP = "judge every point of a series in a CSV file"
DESCRIPTION = """Judges every point of one series by the points before it, and by nothing else. Needs no project. Steps
may be of any length; gaps, duplicates and missing values are fine. Writes, for each row, in order of time:

  time, value, expected, lower, upper   the value, and where it was expected to be
  score                                 0 to 1: how far from all that was seen before
  anomaly                               1 where a score from 0.5 on is news, else 0

  lapwing detect sales.csv --time day --value revenue --out judged.csv
  lapwing detect clicks.csv --time hour --numerator clicks --denominator views --format json"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a CSV file, its first line naming the columns")
    parser.add_argument(
        "--time", required=True, metavar="COL", help="when: a date and time (UTC if no zone is told), or epoch s, ms"
    )
    parser.add_argument("--value", metavar="COL", help="the number to judge")
    parser.add_argument("--numerator", metavar="COL", help="or a ratio: this column...")
    parser.add_argument("--denominator", metavar="COL", help="...over that one; few rows then prove little")
    formats = [form for form in output.FORMATS if form != "table"]
    parser.add_argument("--format", choices=formats, help="default: csv, or what the ending of --out says")
    parser.add_argument("--out", metavar="FILE", help="write to a file; it appears when it is whole")


def run(options: Namespace) -> int:
    value, denominator = columns_of(options, "A series")
    _check_out(options)
    import numpy as np

    from lapwing.alerts.novelty.constants import LEAST_WARM, WARM
    from lapwing.alerts.novelty.detector import detect
    from lapwing.alerts.series_file import read_series

    series = read_series(Path(options.file), time=options.time, value=value, denominator=denominator)
    for note in series.notes:
        print(note, file=sys.stderr)
    with _progress(len(series.times)) as progress:
        found = detect(series.times, series.values, series.denominators, progress)
    if np.isfinite(found.expected).any() and not np.isfinite(found.lower).any():
        print(
            f"Too few values: the first {WARM} are not judged, or at long steps fewer: {LEAST_WARM} days.",
            file=sys.stderr,
        )
    table = _table(series, found)
    output.write_rows(table.schema, table.to_batches(), _format(options), options.out)
    return 0


def _check_out(options: Namespace) -> None:
    """What is read is not what is written: it would be gone."""
    if options.out in (None, "-"):
        return
    out = Path(options.out)
    if out.exists() and Path(options.file).exists() and out.samefile(options.file):
        says = f"--out {out} is the file that is read."
        raise WrongUse.of("wrong-arguments", says, hint="Name another file: this one would be lost.")


def _format(options: Namespace) -> str:
    """csv, unless something else is said, or meant by an ending."""
    if options.format:
        return str(options.format)
    if options.json:
        return "json"
    ending = Path(options.out or "").suffix.lower().removeprefix(".")
    return ending if ending in output.FORMATS and ending != "table" else "csv"


def _table(series: Series, found: Novelty) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    values = series.values
    if series.denominators is not None:
        below = np.where(series.denominators == 0, np.nan, series.denominators)
        with np.errstate(over="ignore", invalid="ignore"):
            values = values / below
    values = np.where(np.isfinite(values), values, np.nan)
    columns = {"value": values, "expected": found.expected, "lower": found.lower, "upper": found.upper}
    numbers = {name: pa.array(column, from_pandas=True) for name, column in columns.items()}
    scores = {"score": pa.array(found.score), "anomaly": pa.array(found.anomaly.astype(np.int8))}
    return pa.table({"time": pa.array(series.written, pa.string()), **numbers, **scores})


@contextmanager
def _progress(points: int) -> Iterator[Progress | None]:
    """A bar on a terminal, for what takes more than a few seconds."""
    if points < 100_000 or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("points judged", total=points)
        yield lambda done: bar.update(task, completed=done)
