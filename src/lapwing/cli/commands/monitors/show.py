"""lapwing monitors show: how good a monitor is."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.commands.incidents import shared

if TYPE_CHECKING:
    from lapwing.alerts.score import ScoreView

HELP = "how good a monitor is: what it raised, what people said of it, what it was worth"
DESCRIPTION = """Tells what a monitor raised over the last 90 days, how much of it was useful, how long before a plain daily
threshold it spoke, the money, and what to do where it is mostly ignored. Useful is what people said on the board, or by
`lapwing incidents act ID useful`.

  lapwing monitors show cancel_rate_daily
  lapwing monitors show cancel_rate_daily --days 365 --as-of 2013-07-01"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="as `lapwing monitors list` tells it")
    parser.add_argument("--days", type=float, default=90, metavar="N", help="so many before (90)")
    parser.add_argument("--as-of", metavar="T", help="as it was known then (default: now)")


def run(options: Namespace) -> int:

    with shared.open_alerts(options) as (lapwing, alerts, _):
        found = alerts.scores(options.name, options.days, shared.as_of(options, lapwing))
        views = [one for one in alerts.monitor_views() if options.name in (one.name, one.group)]
    if options.json:
        cards = {one.monitor: one.as_dict() for one in found}
        shown = [{**view.as_dict(), "score": cards.get(view.name)} for view in views]
        output.write_json(shown[0] if shown[0]["name"] == options.name else {"monitors": shown})
    elif found:
        print("\n".join(line for card in found for line in told(card)))
    else:
        print(f"{options.name} could not be judged yet.")
    return 0


def told(card: ScoreView) -> Iterator[str]:
    """A card, line by line."""
    yield f"{card.monitor}, {card.since[:10]} to {card.until[:10]}: {card.raised} raised"
    if not card.raised:
        return
    words = f"{card.useful} useful, {card.not_useful} not useful, {card.no_word} without a word"
    yield f"  said          {words}" + (f", {card.taken_back} taken back by data" if card.taken_back else "")
    if card.precision is not None:
        yield f"  precision     {card.precision:.0%} ({card.precision_low:.0%} to {card.precision_high:.0%})"
    if card.lead is not None:
        of = f"median of {card.lead_of}; {card.unseen} it never shows"
        yield f"  lead          {abs(card.lead):g} h {'before' if card.lead >= 0 else 'after'} a plain daily threshold ({of})"
    elif card.unseen:
        yield f"  lead          a plain daily threshold would have shown none of {card.unseen}"
    if card.acknowledged_after is not None:
        yield f"  acknowledged  after {card.acknowledged_after:g} h (median)"
    if card.told is not None:
        lost = 0.0 if card.before is None else card.before.amount
        yield f"  money         {card.told.amount:,.0f} {card.told.currency} told of, {lost:,.0f} lost before"
    yield f"  ignored       {card.ignored} of {card.raised}; snoozed {card.snoozed}"
    if card.last_right is not None:
        yield f"  last right    {card.last_right[:16].replace('T', ' ')}"
    if card.advice:
        yield f"  {card.advice}"
