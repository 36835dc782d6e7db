"""How long the search for root causes takes: 48,000 leaves of four dimensions, of counts and of a ratio, one slice planted.

By the clock of the core, so that what else the machine does counts little; making the leaves is not timed.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from lapwing.alerts.slicing.answer import explain
from lapwing.alerts.slicing.leaves import History

SIZES = (40, 30, 10, 4)
NAMES = ("campaign", "country", "format", "device")
MOMENTS, TIMES = 5, 9
GOAL = 100.0
"""Milliseconds."""
PLANTED = ("7", "11")
"""A campaign in a country."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument(
        "--search", action="store_true", help="root causes over 48,000 leaves of four dimensions: speed"
    )


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints the table."""
    if not options.search:
        return None
    print(f"\nRoot causes: {np.prod(SIZES):,} leaves of {len(SIZES)} dimensions, {MOMENTS} moments; ms of one core\n")
    print(f"  {'':10} {'median':>8} {'goal':>6}  {'slices searched':>16}  found first")
    return {name: measured(name, made(ratio=ratio)) for name, ratio in (("counts", False), ("ratio", True))}


def made(*, ratio: bool, seed: int = 1) -> History:
    """Half as many of one campaign in one country as usual."""
    random = np.random.default_rng(seed)
    codes = np.array(np.unravel_index(np.arange(int(np.prod(SIZES))), SIZES))
    sizes = np.repeat(random.lognormal(3.0, 1.0, (codes.shape[1], 1)), MOMENTS, axis=1)
    weights = random.poisson(sizes).astype(np.float64)
    times = np.ones((codes.shape[1], MOMENTS))
    times[(codes[0] == int(PLANTED[0])) & (codes[1] == int(PLANTED[1])), -1] = 0.5
    amounts = random.binomial(weights.astype(np.int64), 0.3 * times) if ratio else random.poisson(weights * times)
    values = tuple(tuple(map(str, range(size))) for size in SIZES)
    moments = tuple(map(str, range(MOMENTS)))
    return History(NAMES, values, codes, moments, amounts.astype(np.float64), weights if ratio else None)


def measured(name: str, history: History) -> dict[str, Any]:
    """The median of some searches."""
    taken = []
    for _ in range(TIMES):
        begun = time.process_time()
        answer = explain(history)
        taken.append(1e3 * (time.process_time() - begun))
    first = answer.causes[0].slice
    right = first == dict(zip(NAMES, PLANTED, strict=False))
    median = float(np.median(taken))
    print(f"  {name:10} {median:8.0f} {GOAL:6.0f}  {answer.searched:16,}  {'yes' if right else f'no: {first}'}")
    return {"ms": round(median, 1), "slices": answer.searched, "right": right}
