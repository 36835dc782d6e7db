"""The table of injected incidents: ours, as monitors run, beside the others at the thresholds that suit them best."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.alerts.injected import incidents, rivals
from benchmarks.alerts.injected.alarms import above, ours
from benchmarks.alerts.injected.make import CHOOSING, DAILY, HOURLY, SEALED, SEVERAL, panels
from benchmarks.alerts.injected.outcome import Outcome, outcome
from benchmarks.alerts.injected.panel import Floats, Panel
from lapwing.model.grain import Grain

RIVALS: dict[str, Callable[[Panel], Floats]] = {
    "random": rivals.at_random,
    "seasonal naive": rivals.seasonal_naive,
    "S-H-ESD": rivals.hybrid_esd,
}
OURS = "lapwing monitors"
_COUNT = 200
_SMALL = 40
_MARKETS, _SMALL_MARKETS = 4, 2
_NOISIEST = 5
_EVIDENCE = (incidents.TELLABLE, 12, 20, 40, np.inf)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this part."""
    parser.add_argument("--injected", action="store_true", help="made series of ads, daily and hourly, with incidents")
    parser.add_argument("--sealed", action="store_true", help="those kept for judging, never for choosing")
    parser.add_argument(
        "--several", action="store_true", help="with --injected: the monitors' mean over several such seeds"
    )


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the tables; figures by grain and detector."""
    if not options.injected:
        return None
    found = {}
    for name, grain in (("daily", DAILY), ("hourly", HOURLY)):
        found[name] = compare(name, grain, small=options.small, sealed=options.sealed)
        if options.several:
            found[name]["several seeds"] = over_seeds(name, grain, SEVERAL, small=options.small)
    return found


def compare(name: str, grain: Grain, *, small: bool, sealed: bool) -> dict[str, Any]:
    """One grain. Thresholds of the others are those of the best F1 on the choosing seed; ours are what ships."""
    count, markets = (_SMALL, _SMALL_MARKETS) if small else (_COUNT, _MARKETS)
    choosing = panels(grain, CHOOSING, count, markets)
    judged = panels(grain, SEALED, count, markets) if sealed else choosing
    found: dict[str, Outcome] = {}
    for rival, score in RIVALS.items():
        scores = [score(panel) for panel in choosing]
        threshold = best_threshold(choosing, scores)
        scores = scores if judged is choosing else [score(panel) for panel in judged]
        found[rival] = outcome(judged, map(above, judged, scores, [threshold] * len(judged)))
    found[OURS] = outcome(judged, ours(judged))
    _show(name, judged, found, "sealed" if sealed else "choosing")
    own = found[OURS]
    return {
        "series": sum(len(panel.values) for panel in judged),
        "incidents": len(own.verdicts),
        "detectors": {name: one.figures() for name, one in found.items()},
        "by kind": by_kind(own),
        "by evidence": by_evidence(own),
        "false alarms": dict(own.false.most_common()),
        "noisiest": dict(own.noisy.most_common(_NOISIEST)),
    }


def over_seeds(name: str, grain: Grain, seeds: Sequence[int], *, small: bool) -> dict[str, Any]:
    """What ours has on each seed, and in the mean. All are judged in one pass, which costs little more than one seed."""
    size = (_SMALL, _SMALL_MARKETS) if small else (_COUNT, _MARKETS)
    each = [[replace(one, name=f"{one.name}, {seed}") for one in panels(grain, seed, *size)] for seed in seeds]
    raised = iter(ours([panel for of in each for panel in of]))
    figures = [outcome(of, [next(raised) for _ in of]).figures() for of in each]
    table = np.array([list(one.values()) for one in figures])
    print(f"\n{OURS}, {name}, over the seeds {', '.join(map(str, seeds))}: mean (least to most)\n")
    for column, values in zip(figures[0], table.T, strict=True):
        print(f"  {column:28}{values.mean():8.3f}  ({values.min():.3f} to {values.max():.3f})")
    return {"seeds": list(seeds), "mean": dict(zip(figures[0], table.mean(0).tolist(), strict=True)), "each": figures}


def best_threshold(chosen: Sequence[Panel], scores: Sequence[Floats]) -> float:
    """Of the best event F1."""
    sizes = np.abs(
        np.concatenate([score[:, panel.first :].ravel() for panel, score in zip(chosen, scores, strict=True)])
    )
    candidates = np.unique(np.quantile(sizes, 1 - np.geomspace(3e-5, 0.05, 24)))
    f1 = [outcome(chosen, map(above, chosen, scores, [at] * len(chosen))).f1 for at in candidates.tolist()]
    return float(candidates[int(np.argmax(f1))])


def by_kind(own: Outcome) -> dict[str, dict[str, float]]:
    """What became of each kind of incident."""
    out = {}
    for kind in sorted({one.kind for one in own.verdicts}):
        of = Outcome(tuple(one for one in own.verdicts if one.kind == kind), type(own.false)(), own.weeks)
        figures = of.figures()
        out[kind] = {
            "incidents": len(of.verdicts),
            "found": of.found,
            "median lead": figures["median lead"],
            "lost before the alert": figures["lost before the alert"],
        }
    return out


def by_evidence(own: Outcome) -> dict[str, dict[str, int]]:
    """How many are found of those that are hard to tell from chance, and of those that are easy."""
    out = {}
    for low, high in pairwise(_EVIDENCE):
        of = [one for one in own.verdicts if low <= one.evidence < high]
        name = f"{low:g} to {high:g}" if high < np.inf else f"{low:g} and more"
        out[name] = {"incidents": len(of), "found": sum(one.lead is not None for one in of)}
    return out


def _show(name: str, judged: Sequence[Panel], found: dict[str, Outcome], which: str) -> None:
    own = found[OURS]
    series = sum(len(panel.values) for panel in judged)
    print(
        f"\nInjected incidents, {name}: {len(own.verdicts)} in {series} series of {own.weeks:,.0f} weeks ({which} seed)\n"
    )
    print(f"  {'':18}" + "".join(f"  {column}" for column in own.figures()))
    for detector, one in found.items():
        cells = one.figures().items()
        print(f"  {detector:18}" + "".join(f"  {value:{len(column)}.3f}" for column, value in cells))
    print(f"\n  {OURS}, by kind{'':10}   of  found  median lead  lost before the alert")
    for kind, row in by_kind(own).items():
        lead, lost = row["median lead"], row["lost before the alert"]
        print(f"    {kind:28}{row['incidents']:5}{row['found']:7}{lead:13.1f}{lost:23.2f}")
    found_of = [f"{name}: {row['found']} of {row['incidents']}" for name, row in by_evidence(own).items()]
    print("  by standard deviations of chance: " + ", ".join(found_of))
    print("  false alarms: " + (", ".join(f"{kind} {count}" for kind, count in own.false.most_common()) or "none"))
    worst = own.noisy.most_common(_NOISIEST)
    print("  most of them in: " + (", ".join(f"{panel} ({count})" for panel, count in worst) or "none"))
