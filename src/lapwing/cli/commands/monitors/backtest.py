"""lapwing monitors backtest: what watching would have raised."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared
from lapwing.cli.commands.monitors import wish
from lapwing.cli.commands.rollups.shared import show

if TYPE_CHECKING:
    from lapwing.alerts.backtest import BacktestView

HELP = "what following would have raised over the past"
DESCRIPTION = """Judges the history of a metric as a monitor would, each bucket by those before it, and tells what it would have
raised: how often, which, and how often at other sensitivities. Nothing is kept.

  lapwing monitors backtest cancel_rate --by origin
  lapwing monitors backtest flights --where carrier=UA --grain hour --sensitivity 4.5"""


def arguments(parser: ArgumentParser) -> None:
    wish.arguments(parser)
    parser.add_argument("--limit", type=int, default=10, metavar="N", help="show the latest N (10)")


def run(options: Namespace) -> int:
    with shared.open_alerts(options) as (_, alerts, _unused):
        found = alerts.backtest(**wish.wish(options))
    if options.json:
        output.write_json(found.as_dict())
        return 0
    print("\n".join(lines(found)))
    shown = found.incidents[: max(0, options.limit)]
    if shown:
        show(
            [
                {
                    **({} if found.metric == one.metric else {"metric": one.metric}),
                    "known": one.known,
                    "slice": ", ".join(f"{name} = {value}" for name, value in one.slice.items()) or "all",
                    "actual": f"{one.actual:.6g}",
                    "expected": f"{one.expected:.6g}",
                    "score": one.score,
                    "resolved": one.resolved,
                }
                for one in shown
            ]
        )
    return 0


def lines(found: BacktestView) -> Iterator[str]:
    """What it comes to, in words."""
    if found.since is None:
        yield "There is too little history to judge anything yet."
        return
    series = f"{found.series:,} series" if found.series > 1 else "one series"
    yield (
        f"{found.fired} incidents of {series} from {found.since} to {found.until} ({found.weeks:g} weeks), "
        f"{found.per_week:.2g} a week, at a sensitivity of {found.sensitivity:g}."
    )
    if found.budget is not None:
        more = f" It held {found.held} more back." if found.held else ""
        yield f"Of the budget of false alarms it would have {found.budget:.2g} a week.{more}"
    if found.small is not None:
        yield f"{found.small:,} more slices have too little support to be watched."
    if found.unread:
        yield f"Too many slices to be read: {'; '.join(found.unread)}."
    others = ", ".join(f"{one.fired} at {one.sensitivity:g}" for one in found.choices)
    yield f"It would have been {others}."
