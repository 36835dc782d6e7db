"""Our detector beside the baselines, on labelled series."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.alerts import baselines
from benchmarks.alerts.scoring import LOW_FP, STANDARD, Floats, Labelled, bursts, curve, found, frozen
from lapwing.alerts.novelty.constants import FLAG
from lapwing.alerts.novelty.detector import detect

BASELINES: dict[str, Callable[[Labelled], Floats]] = {
    "random": baselines.at_random,
    "seasonal naive": baselines.seasonal_naive,
    "S-H-ESD": baselines.hybrid_esd,
}
OURS = "lapwing detect"


def compare(title: str, series: Sequence[Labelled]) -> dict[str, Any]:
    """Prints the table. Figures by detector: scores in percent, with the best threshold and with those of other
    categories ("frozen"), all together and by category; false bursts a series-week."""
    figures = {name: judge(series, {one.name: score(one) for one in series}) for name, score in BASELINES.items()}
    began = time.perf_counter()
    ours = {one.name: detect(one.times, one.values) for one in series}
    taken = time.perf_counter() - began
    figures[OURS] = judge(series, {name: novelty.score for name, novelty in ours.items()})
    own = at_flags(series, {name: novelty.anomaly for name, novelty in ours.items()})
    points = sum(len(one.times) for one in series)
    _show(title, series, figures, own)
    print(f"  {OURS}: {points / taken:,.0f} points a second on one core.\n")
    return {"series": len(series), "points": points, "detectors": figures, "flags": own}


def judge(series: Sequence[Labelled], scores: dict[str, Floats]) -> dict[str, Any]:
    """The figures of one detector."""
    out: dict[str, Any] = {}
    kinds: dict[str, dict[str, float]] = {}
    thresholds: dict[str, float] = {}
    for profile in (STANDARD, LOW_FP):
        whole = curve(series, scores, profile)
        kept, thresholds = frozen(series, scores, profile)
        out[f"{profile.name} best"] = round(whole.percent(float(whole.totals.max())), 2)
        out[f"{profile.name} frozen"] = round(kept, 2)
        for category, threshold in thresholds.items():
            own = curve([one for one in series if one.category == category], scores, profile)
            if own.perfect:
                kinds.setdefault(category, {})[profile.name] = round(own.percent(own.at(threshold)), 2)
    false = sum(bursts(one, scores[one.name] >= thresholds[one.category]) for one in series)
    out["false bursts a series-week"] = round(false / sum(one.weeks for one in series), 3)
    return {**out, "frozen by category": kinds}


def at_flags(series: Sequence[Labelled], flags: dict[str, npt.NDArray[np.bool_]]) -> dict[str, float]:
    """Our own 0 and 1, chosen without any of the labels."""
    false = sum(bursts(one, flags[one.name]) for one in series)
    return {
        "windows": sum(len(one.windows) for one in series),
        "windows found": sum(found(one, flags[one.name]) for one in series),
        "false bursts a series-week": round(false / sum(one.weeks for one in series), 3),
    }


def _show(title: str, series: Sequence[Labelled], figures: dict[str, dict[str, Any]], own: dict[str, float]) -> None:
    weeks = sum(one.weeks for one in series)
    print(f"\n{title}: {len(series)} series, {own['windows']} windows, {weeks:.0f} series-weeks")
    print("  Thresholds are the best for all series, or frozen: chosen on the other categories.")
    print(f"\n  {'':20}{'Standard':>17}{'low-FP':>17}{'false bursts':>16}")
    print(f"  {'':20}" + 2 * f"{'best':>9}{'frozen':>8}" + f"{'a series-week':>16}")
    for name, found_ in figures.items():
        print(f"  {name:20}" + "".join(f"{found_[key]:{width}.{digits}f}" for key, width, digits in _COLUMNS))
    print(f"\n  {OURS} by category, frozen:")
    for category, kept in figures[OURS]["frozen by category"].items():
        print(f"    {category:26}{kept[STANDARD.name]:9.1f}{kept[LOW_FP.name]:17.1f}")
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
