"""lapwing why: why a metric changed between two stretches of time."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from lapwing.cli import output
from lapwing.cli.commands.query import names

HELP = "say why a metric changed between two stretches of time"
DESCRIPTION = """Says which slices explain that a metric changed, over all combinations of up to three dimensions; which of the
metrics that it is a product of explain how much; and which events lay beside it. The same as an incident's page has.
"No clear cause" is an answer, too. (`lapwing explain` does this for a CSV file.)

  lapwing why --metric cancel_rate --from 2013-07-22 --to 2013-07-24
  lapwing why --metric delay --from 2013-02 --to 2013-03 --against 2013-01 2013-02 --where "origin = 'EWR'"
  lapwing why --metric flights --from -7d/d --to now/d --by carrier,dest

Without --against it is laid beside the same hours of the weeks before."""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--metric", required=True, metavar="M", help="a metric, as m or dataset.m")
    parser.add_argument("--from", dest="start", required=True, metavar="T", help="from when")
    parser.add_argument("--to", dest="end", required=True, metavar="T", help="until when, exclusive")
    parser.add_argument("--against", nargs=2, metavar=("T1", "T2"), help="the stretch that it is laid beside")
    parser.add_argument("--where", metavar="SQL", help="a condition over dimensions")
    parser.add_argument("--by", type=names, default=(), metavar="D1,D2", help="dimensions (default: those of rollups)")
    parser.add_argument("--tz", metavar="ZONE", help="the time zone (default: the project's)")


def run(options: Namespace) -> int:
    from lapwing.alerts.views.view import plain
    from lapwing.alerts.why.asked import Asked, why
    from lapwing.alerts.why.service import Why
    from lapwing.cli.project import open_project

    asked = Asked(
        metric=options.metric,
        now=(options.start, options.end),
        against=None if options.against is None else (options.against[0], options.against[1]),
        where=options.where,
        by=options.by or None,
        zone=options.tz,
    )
    with open_project(options) as lapwing:
        shown = lapwing.project.metric(options.metric)[1].shown
        found = plain(why(Why(lapwing), lapwing, asked))
    if options.json:
        output.write_json(found)
    else:
        print("\n".join(told(found, label=shown.label, form=shown.format, unit=shown.unit)))
    return 0


def told(found: Mapping[str, Any], *, label: str, form: str, unit: str) -> Iterator[str]:
    """A change, line by line."""
    from lapwing.alerts.words import money, number, signed

    if found["difference"] is not None:
        was = f"{number(found['actual'], form, unit)}, {number(found['expected'], form, unit)} expected"
        stake = found["at_stake"]
        worth = "" if stake is None else f", {money(stake['amount'], stake['currency'])}"
        yield f"{label}: {was} ({signed(found['difference'], form, unit)}{worth})"
    yield found["says"]
    if found["rate"] is not None and found["parts"]:
        yield f"By rates {signed(found['rate'], form, unit)}, by the mix {signed(found['mix'], form, unit)}."
    if found["parts"]:
        yield ""
        yield from map(_part, found["parts"])
    if found["factors"]:
        yield ""
        yield f"{label} = {found['formula']}"
        for one in found["factors"]:
            share = "" if one["share"] is None else f", {one['share']:.0%} of the change"
            yield f"  {one['label']}: {one['before']:,.4g} to {one['after']:,.4g}{share}"
    if found["events"]:
        yield ""
        yield "Beside it: " + ", ".join(one["name"] for one in found["events"])


def _part(one: Mapping[str, Any]) -> str:
    share = "" if one["share"] is None else f", {one['share']:.0%} of the difference"
    mark = "*" if one["chosen"] else " "
    return f" {mark} {one['name']}: {one['actual']:,.4g}, {one['expected']:,.4g} expected{share}, p {one['p']:.2g}"
