"""The Numenta Anomaly Benchmark: a folder with windows.json (file: [[start, end], ...]) and category/file.csv, each with
the columns timestamp and value."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.alerts import baselines
from benchmarks.alerts.scoring import LOW_FP, STANDARD, Floats, Labelled, bursts, curve, found, frozen
from lapwing.alerts.novelty.constants import FLAG
from lapwing.alerts.novelty.detector import detect
from lapwing.alerts.series_file import read_series

BASELINES: dict[str, Callable[[Labelled], Floats]] = {
    "random": baselines.at_random,
    "seasonal naive": baselines.seasonal_naive,
    "S-H-ESD": baselines.hybrid_esd,
}
OURS = "lapwing detect"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument("--nab", type=Path, metavar="FOLDER", help="series of the Numenta Anomaly Benchmark")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the table. Figures by detector: scores in percent, with the best threshold and with those of other
    categories ("frozen"), false bursts a series-week."""
    if options.nab is None:
        return None
    series = load(options.nab, every=3 if options.small else 1)
    figures = {name: judge(series, {one.name: score(one) for one in series}) for name, score in BASELINES.items()}
    began = time.perf_counter()
    ours = {one.name: detect(one.times, one.values) for one in series}
    taken = time.perf_counter() - began
    figures[OURS] = judge(series, {name: novelty.score for name, novelty in ours.items()})
    own = at_flags(series, {name: novelty.anomaly for name, novelty in ours.items()})
    points = sum(len(one.times) for one in series)
    _show(series, figures, own)
    print(f"  {OURS}: {points / taken:,.0f} points a second on one core.\n")
    return {"series": len(series), "points": points, "detectors": figures, "flags": own}


def load(folder: Path, *, every: int = 1) -> list[Labelled]:
    """Every so many series of a folder, by name; a windows.json may tell of more files than there are."""
    windows = json.loads((folder / "windows.json").read_text())
    names = sorted(name for name in windows if (folder / name).exists())
    return [_labelled(folder, name, windows[name]) for name in names[::every]]


def judge(series: Sequence[Labelled], scores: dict[str, Floats]) -> dict[str, float]:
    """The figures of one detector."""
    out = {}
    thresholds: dict[str, float] = {}
    for profile in (STANDARD, LOW_FP):
        whole = curve(series, scores, profile)
        kept, thresholds = frozen(series, scores, profile)
        out[f"{profile.name} best"] = whole.percent(float(whole.totals.max()))
        out[f"{profile.name} frozen"] = kept
    false = sum(bursts(one, scores[one.name] >= thresholds[one.category]) for one in series)
    out["false bursts a series-week"] = false / sum(one.weeks for one in series)
    return {name: round(value, 3) for name, value in out.items()}


def at_flags(series: Sequence[Labelled], flags: dict[str, npt.NDArray[np.bool_]]) -> dict[str, float]:
    """Our own 0 and 1, chosen without any of the labels."""
    false = sum(bursts(one, flags[one.name]) for one in series)
    return {
        "windows": sum(len(one.windows) for one in series),
        "windows found": sum(found(one, flags[one.name]) for one in series),
        "false bursts a series-week": round(false / sum(one.weeks for one in series), 3),
    }


def _labelled(folder: Path, name: str, spans: Sequence[tuple[str, str]]) -> Labelled:
    read = read_series(folder / name, time="timestamp", value="value")
    edges = [[_seconds(edge) for edge in span] for span in spans]
    rows = [np.searchsorted(read.times, span) for span in edges]
    return Labelled(name, read.times, read.values, tuple((int(start), int(end)) for start, end in rows))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC, microsecond=0).timestamp()


def _show(series: Sequence[Labelled], figures: dict[str, dict[str, float]], own: dict[str, float]) -> None:
    weeks = sum(one.weeks for one in series)
    print(f"\nNAB: {len(series)} series, {own['windows']} windows, {weeks:.0f} series-weeks")
    print("  Thresholds are the best for all series, or frozen: chosen on the other categories.")
    print(f"\n  {'':20}{'Standard':>17}{'low-FP':>17}{'false bursts':>16}")
    print(f"  {'':20}" + 2 * f"{'best':>9}{'frozen':>8}" + f"{'a series-week':>16}")
    for name, found_ in figures.items():
        print(f"  {name:20}" + "".join(f"{found_[key]:{width}.{digits}f}" for key, width, digits in _COLUMNS))
    print(
        f"\n  False bursts are at the frozen low-FP threshold. At its own flags (score {FLAG / (2 * FLAG)}),", end=" "
    )
    print(f"{OURS} finds {own['windows found']:.0f} windows,", end=" ")
    print(f"with {own['false bursts a series-week']:.3f} false bursts a series-week.")


_COLUMNS = (
    ("Standard best", 9, 1),
    ("Standard frozen", 8, 1),
    ("low-FP best", 9, 1),
    ("low-FP frozen", 8, 1),
    ("false bursts a series-week", 16, 2),
)
