"""What to follow, as flags."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import Any

from lapwing.cli.commands.query import names


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("metric", metavar="METRIC", help="a metric, DATASET.METRIC, or tag:NAME for all with that tag")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        type=_pair,
        metavar="DIM=VALUE",
        help="only where a dimension has a value; may be repeated",
    )
    parser.add_argument(
        "--by", type=names, default=(), metavar="D1,D2", help="one series for each value of these; all: every slice"
    )
    parser.add_argument(
        "--depth", type=int, metavar="N", help="of --by all, how many dimensions are combined, 1 to 3 (2)"
    )
    parser.add_argument(
        "--support", type=float, metavar="N", help="of --by all, the events a bucket that a slice must have (20)"
    )
    parser.add_argument("--grain", metavar="GRAIN", help="how long a bucket is (day)")
    parser.add_argument(
        "--sensitivity", type=float, metavar="N", help="robust standard deviations, 3 (much is told) to 10 (3.75)"
    )
    parser.add_argument(
        "--min-change",
        type=float,
        metavar="N",
        help="the least difference worth telling, in the metric's unit (learned)",
    )


def wish(options: Namespace) -> dict[str, Any]:
    """The flags as arguments of `Alerts.follow` and `Alerts.backtest`."""
    from lapwing.model.grain import Grain

    return {
        "metric": options.metric,
        "within": dict(options.where),
        "grain": Grain.parse(options.grain) if options.grain else None,
        "by": options.by,
        "sensitivity": options.sensitivity,
        "min_change": options.min_change,
        "depth": options.depth,
        "support": options.support,
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ArgumentTypeError(f"{text!r} is not DIM=VALUE")
    return name.strip(), value
