"""Root causes of incidents of a ratio: a folder with causes.json ([{case, timestamp, cause: slice or [slices]}]) and
cases/<case>.csv.

Exact F1: of as many slices as there are causes, those that are one. Recall at 3: of the causes, those among the first three.
Incidents of one stream (the last part of a case's name) are much alike, so the spread is told over folds of whole streams.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from lapwing.alerts.history_file import Columns, read_history
from lapwing.alerts.slicing.answer import explain
from lapwing.alerts.slicing.expected import expected
from lapwing.alerts.slicing.leaves import Floats, History, Value

Slice = dict[str, Value]
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Incident:
    """A case: its history up to the moment, and its causes."""

    name: str
    history: History
    causes: tuple[Slice, ...]

    @property
    def stream(self) -> str:
        return re.split(r"[_ ]", self.name)[-1]


@dataclass(frozen=True, slots=True)
class Hits:
    """What one case adds to the figures."""

    right: int
    said: int
    true: int
    among_three: int


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this part."""
    parser.add_argument("--causes", type=Path, metavar="FOLDER", help="incidents of a ratio, with their causes")
    parser.add_argument("--causes-columns", nargs=3, default=["min", "value", "cnt"], metavar=("TIME", "NUM", "DEN"))


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the table; figures by method."""
    if options.causes is None:
        return None
    incidents = load(options.causes, *options.causes_columns, every=3 if options.small else 1)
    print(f"\nRoot causes of a ratio: {len(incidents)} incidents of {len({one.stream for one in incidents})} streams\n")
    print(f"  {'':22} {'exact F1':>9} {'recall at 3':>12}  {'F1 by fold of streams':>22} {'ms a case':>10}")
    figures: dict[str, Any] = {"incidents": len(incidents)}
    for name, method in METHODS.items():
        start = time.perf_counter()
        hits = [score(one.causes, method(one.history)) for one in incidents]
        taken = 1e3 * (time.perf_counter() - start) / max(1, len(incidents))
        f1, recall = summed(hits)
        folds = [summed(fold)[0] for fold in by_streams(incidents, hits)]
        spread = f"{min(folds):.3f} to {max(folds):.3f}"
        print(f"  {name:22} {f1:9.3f} {recall:12.3f}  {spread:>22} {taken:10.1f}")
        figures[name] = {
            "exact F1": round(f1, 3),
            "recall at 3": round(recall, 3),
            "F1 by fold": np.round(folds, 3).tolist(),
        }
    return figures


def load(folder: Path, when: str, numerator: str, denominator: str, *, every: int = 1) -> list[Incident]:
    """Every so many incidents of a folder."""
    columns = Columns(time=when, value=numerator, denominator=denominator)
    found = []
    for case in json.loads((folder / "causes.json").read_text())[::every]:
        history, _ = read_history(folder / "cases" / f"{case['case']}.csv", columns, str(case["timestamp"]))
        causes = case["cause"] if isinstance(case["cause"], list) else [case["cause"]]
        named: tuple[Slice, ...] = tuple({name: str(value) for name, value in cause.items()} for cause in causes)
        found.append(Incident(case["case"], history, named))
    return found


def score(causes: Sequence[Slice], answer: Sequence[Slice]) -> Hits:
    """One answer, best first, against the causes."""
    first = answer[: len(causes)]
    return Hits(
        right=sum(cause in first for cause in causes),
        said=len(first),
        true=len(causes),
        among_three=sum(cause in answer[:3] for cause in causes),
    )


def summed(hits: Sequence[Hits]) -> tuple[float, float]:
    """Exact F1 and recall at 3 over cases."""
    true = sum(one.true for one in hits)
    f1 = 2 * sum(one.right for one in hits) / max(1, true + sum(one.said for one in hits))
    return f1, sum(one.among_three for one in hits) / max(1, true)


def by_streams(incidents: Sequence[Incident], hits: Sequence[Hits]) -> list[list[Hits]]:
    """Hits in folds, all of one stream in one; less than FOLDS where there are fewer streams."""
    streams = sorted({one.stream for one in incidents})
    fold = {
        stream: place % FOLDS for place, stream in enumerate(np.random.default_rng(0).permutation(streams).tolist())
    }
    of = [
        [hit for one, hit in zip(incidents, hits, strict=True) if fold[one.stream] == place] for place in range(FOLDS)
    ]
    return [hits for hits in of if hits]


def ours(history: History) -> list[Slice]:
    """As `lapwing explain` says."""
    return [cause.slice for cause in explain(history, top=5).causes]


def largest_contribution(history: History) -> list[Slice]:
    """Slices of one to three dimensions by their part of the difference, the smaller slice first where two have the same."""
    now, usual = _sides(history)
    found = []
    for depth in range(1, min(3, len(history.dimensions)) + 1):
        for places in combinations(range(len(history.dimensions)), depth):
            keys, key = np.unique(history.codes[list(places)], axis=1, return_inverse=True)
            difference = np.bincount(key.reshape(-1), now - usual)
            size = np.bincount(key.reshape(-1), usual)
            sign = 1.0 if (now - usual).sum() > 0 else -1.0
            found += [
                (-sign * float(moved), float(of), tuple(zip(places, codes.tolist(), strict=True)))
                for moved, of, codes in zip(difference, size, keys.T, strict=True)
            ]
    return [history.named(piece) for *_, piece in sorted(found)[:5]]


def adtributor(history: History) -> list[Slice]:
    """One dimension, whose values explain two thirds of the change with the most surprise (Bhagwan et al., 2014)."""
    now, usual = _sides(history)
    total = float((now - usual).sum()) or 1.0
    answers: list[tuple[float, list[Slice]]] = []
    for place, code in enumerate(history.codes):
        after, before = (np.bincount(code, side).astype(np.float64) for side in (now, usual))
        power, surprise = (after - before) / total, _surprise(before, after)
        chosen, explained = [], 0.0
        for value in np.argsort(-surprise, kind="stable").tolist():
            if power[value] > 0.1:
                chosen.append(value)
                explained += power[value]
            if explained > 0.67:
                break
        if explained > 0.67:
            answers.append((-float(surprise[chosen].sum()), [history.named(((place, value),)) for value in chosen[:3]]))
    return [one for _, of in sorted(answers, key=lambda answer: answer[0]) for one in of][:5]


def _surprise(before: Floats, after: Floats) -> Floats:
    """The values' parts of the Jensen-Shannon divergence."""
    p, q = before / max(before.sum(), 1e-12), after / max(after.sum(), 1e-12)
    middle = np.maximum((p + q) / 2, 1e-300)
    found: Floats = 0.5 * sum(x * np.log(np.where(x > 0, x, 1) / np.where(x > 0, middle, 1)) for x in (p, q))
    return found


def _sides(history: History) -> tuple[Floats, Floats]:
    """Amounts at the moment and those expected: of all methods the same baseline."""
    return history.amounts[:, -1], expected(history.amounts, history.weights).amounts


METHODS: dict[str, Callable[[History], list[Slice]]] = {
    "largest contribution": largest_contribution,
    "Adtributor": adtributor,
    "lapwing explain": ours,
}
