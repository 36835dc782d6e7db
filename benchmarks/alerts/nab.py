"""The Numenta Anomaly Benchmark: a folder with windows.json (file: [[start, end], ...]) and category/file.csv, each with
the columns timestamp and value."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alerts.compare import compare
from benchmarks.alerts.scoring import Labelled
from lapwing.alerts.series_file import read_series


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument("--nab", type=Path, metavar="FOLDER", help="series of the Numenta Anomaly Benchmark")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the table; figures by detector."""
    if options.nab is None:
        return None
    return compare("NAB", load(options.nab, every=3 if options.small else 1))


def load(folder: Path, *, every: int = 1) -> list[Labelled]:
    """Every so many series of a folder, by name; a windows.json may tell of more files than there are."""
    windows = json.loads((folder / "windows.json").read_text())
    names = sorted(name for name in windows if (folder / name).exists())
    return [_labelled(folder, name, windows[name]) for name in names[::every]]


def _labelled(folder: Path, name: str, spans: Sequence[tuple[str, str]]) -> Labelled:
    read = read_series(folder / name, time="timestamp", value="value")
    edges = [[_seconds(edge) for edge in span] for span in spans]
    rows = [np.searchsorted(read.times, span) for span in edges]
    return Labelled(name, read.times, read.values, tuple((int(start), int(end)) for start, end in rows))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC, microsecond=0).timestamp()
