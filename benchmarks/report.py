"""Times calls and prints them beside each other."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of many single calls."""

    name: str
    p50: float
    p99: float
    calls: int


def timed(name: str, call: Callable[[int], object], calls: int, warm: int = 5) -> Timing:
    """Times `call(i)` for i in 0 .. calls - 1, one by one, after `warm` calls that don't count."""
    for i in range(warm):
        call(i)
    taken = np.empty(calls)
    for i in range(calls):
        start = time.perf_counter_ns()
        call(i)
        taken[i] = (time.perf_counter_ns() - start) / 1e6
    return Timing(name, float(np.percentile(taken, 50)), float(np.percentile(taken, 99)), calls)


def arguments(description: str) -> argparse.Namespace:
    """The flags that every benchmark has."""
    return parser(description).parse_args()


def parser(description: str) -> argparse.ArgumentParser:
    """The same, for those that have more."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--small", action="store_true", help="a tenth of the data, for a quick look")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser


def show(title: str, timings: list[Timing], against: str, facts: dict[str, Any], file: Path | None) -> None:
    """Prints one line a timing with its ratio to the one called `against`."""
    base = next(timing for timing in timings if timing.name == against)
    print(f"\n{title}")
    for name, value in facts.items():
        print(f"  {name}: {value}")
    width = max(len(timing.name) for timing in timings)
    print(f"\n  {'':{width}}  {'p50 ms':>10}  {'p99 ms':>10}  {'ratio':>9}  calls")
    for timing in timings:
        ratio = timing.p50 / base.p50
        print(f"  {timing.name:{width}}  {timing.p50:10.3f}  {timing.p99:10.3f}  {ratio:8.1f}x  {timing.calls}")
    print(f"\n  Ratios are of p50, to {against}. {platform.machine()}, {os.cpu_count()} cores.")
    if file:
        rows = [{"name": t.name, "p50_ms": t.p50, "p99_ms": t.p99, "calls": t.calls} for t in timings]
        file.write_text(json.dumps({"title": title, "facts": facts, "against": against, "timings": rows}, indent=1))


def show_beside(
    title: str, operations: Mapping[str, Sequence[Timing]], facts: dict[str, Any], file: Path | None
) -> None:
    """Prints one line an operation: p50 of each contender, and its ratio to the first one's."""
    print(f"\n{title}")
    for name, value in facts.items():
        print(f"  {name}: {value}")
    width = max(map(len, operations))
    contenders = [timing.name for timing in next(iter(operations.values()))]
    print(f"\n  {'p50 ms':{width}}" + "".join(f"  {name:>12} {'ratio':>8}" for name in contenders))
    for operation, timings in operations.items():
        shown = (f"  {timing.p50:12.4f} {timing.p50 / timings[0].p50:7.1f}x" for timing in timings)
        print(f"  {operation:{width}}" + "".join(shown))
    print(f"\n  Ratios are of p50, to {contenders[0]}. {platform.machine()}, {os.cpu_count()} cores.")
    if file:
        rows = {
            operation: [{"name": t.name, "p50_ms": t.p50, "p99_ms": t.p99, "calls": t.calls} for t in timings]
            for operation, timings in operations.items()
        }
        file.write_text(json.dumps({"title": title, "facts": facts, "operations": rows}, indent=1))
