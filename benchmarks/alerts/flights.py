"""The year 2013 of the flights example, replayed: what its monitors raised, and what it was."""

from __future__ import annotations

import argparse
from typing import Any

from benchmarks.alerts.replays import EXAMPLES, aside, direction, replayed, slice_words


def arguments(parser: argparse.ArgumentParser) -> None:
    """The flag of this part."""
    parser.add_argument("--flights", action="store_true", help="a replay of the year of the flights example")


def run(options: argparse.Namespace) -> dict[str, Any] | None:
    """Prints what was raised; figures: how many, beside how many of them something known lay."""
    if not options.flights:
        return None
    if not (EXAMPLES / "flights" / "data" / ".ready").exists():
        raise SystemExit("The flights example has no data here: make examples/flights/data/.ready")
    with aside("flights") as project:
        replay = replayed(project)
    print(f"\nFlights of 2013: {len(replay.raised)} raised in {replay.series_weeks:,.0f} series-weeks\n")
    print(f"  {'known at':16}  {'metric':20} {'where':12} {'':4} {'actual':>10} {'expected':>10}  what lay beside it")
    for one in replay.raised:
        shown = [f"{value:10.4g}" if value is not None else f"{'':10}" for value in (one.actual, one.expected)]
        known = "; ".join(event.name for event in one.events) or "nothing known"
        metric = one.metric.rpartition(".")[2]
        print(f"  {one.known_at[:16]}  {metric:20} {slice_words(one):12} {direction(one):4} {' '.join(shown)}  {known}")
    explained = sum(bool(one.events) for one in replay.raised)
    print(f"\n  Something known lay beside {explained} of them.")
    return {"raised": len(replay.raised), "beside something known": explained, "series-weeks": replay.series_weeks}
