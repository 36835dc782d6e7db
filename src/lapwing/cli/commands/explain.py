"""lapwing explain: which slices explain that a metric moved, from a CSV file."""

from __future__ import annotations

import math
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.column_flags import columns_of
from lapwing.model.problem import WrongUse

if TYPE_CHECKING:
    from lapwing.alerts.slicing.answer import Answer, Named

HELP = "say which slices explain a change, from a CSV file"
DESCRIPTION = """Says which combination of dimension values explains that a number moved at one moment. Needs no project.
The file has one row for each moment and combination. The rows before the moment tell what was to be expected; later ones
are not looked at. "No clear cause" is an answer, too: where chance, or a move of everything, explains it as well.

  lapwing explain sales.csv --time day --value revenue --at 2024-05-17
  lapwing explain plays.csv --time minute --numerator stalled --denominator viewers --at 1566397800 --json"""

LOOKED_AT = 10
"""Slices that are found at least: fewer that are told are the first of them."""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a CSV file, its first line naming the columns")
    parser.add_argument(
        "--time", required=True, metavar="COL", help="when: ISO 8601 (UTC if no zone is told), or epoch s, ms"
    )
    parser.add_argument("--value", metavar="COL", help="an amount that adds up, such as revenue or profit")
    parser.add_argument("--numerator", metavar="COL", help="or a ratio: this column...")
    parser.add_argument("--denominator", metavar="COL", help="...over that one")
    parser.add_argument("--at", required=True, metavar="TIME", help="the moment to explain, as in the file or epoch s")
    parser.add_argument("--dimensions", metavar="COLS", help="columns to split by, as a,b (default: all others)")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="how many slices to tell (default 5)")


def run(options: Namespace) -> int:
    value, denominator = columns_of(options, "What moved")
    if options.top < 1:
        raise WrongUse.of("wrong-arguments", f"--top {options.top} leaves nothing to tell.", hint="Give 1 or more.")
    from lapwing.alerts.history_file import Columns, read_history
    from lapwing.alerts.slicing.answer import explain
    from lapwing.alerts.slicing.sure import with_sure

    columns = Columns(
        time=options.time, value=value, denominator=denominator, dimensions=_dimensions(options.dimensions)
    )
    history, notes = read_history(Path(options.file), columns, options.at)
    for note in notes:
        print(note, file=sys.stderr)
    answer = with_sure(explain(history, top=max(options.top, LOOKED_AT)))
    answer = replace(answer, causes=answer.causes[: options.top])
    if options.json:
        output.write_json(_document(answer))
    else:
        name = value if denominator is None else f"{value} / {denominator}"
        print("\n".join(_lines(answer, name, history.moments[-1])))
    return 0


def _dimensions(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise WrongUse.of("wrong-arguments", "--dimensions names no column.", hint="Name them as a,b or leave it out.")
    return names


def _document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON; what only ratios have is null for amounts."""
    return {
        "clear": answer.clear,
        "causes": [
            {
                "slice": cause.slice,
                "share": cause.share,
                "p": cause.p,
                "chosen": cause.chosen,
                "actual": cause.actual,
                "expected": cause.expected,
                "score": cause.score,
                "rate": cause.rate,
                "mix": cause.mix,
            }
            for cause in answer.causes
        ],
        "p": answer.p,
        "bound": answer.bound,
        "actual": None if math.isnan(answer.actual) else answer.actual,
        "expected": None if math.isnan(answer.expected) else answer.expected,
        "rate": answer.rate,
        "mix": answer.mix,
        "moments": answer.moments,
    }


def _lines(answer: Answer, name: str, moment: str) -> list[str]:
    said = [_change(answer, name, moment)]
    if answer.rate is not None and answer.mix is not None:
        said.append(f"Of the change, {answer.rate + 0.0:+.4g} is by rates and {answer.mix + 0.0:+.4g} by the mix.")
    chosen = [cause for cause in answer.causes if cause.chosen]
    if answer.clear:
        what = "cause is" if len(chosen) == 1 else "causes are"
        said += ["", f"The {what} clear:", *map(_line, chosen)]
        others = [cause for cause in answer.causes if not cause.chosen]
        if others:
            said += ["", "Other slices that moved so:", *map(_line, others)]
    else:
        said += ["", "There is no clear cause: chance, or a move of everything, explains it as well."]
        if answer.causes:
            said += ["What moved most:", *map(_line, answer.causes)]
    return said


def _change(answer: Answer, name: str, moment: str) -> str:
    past = "the moment before" if answer.moments == 1 else f"{answer.moments} earlier moments"
    if math.isnan(answer.actual) or math.isnan(answer.expected):
        return f"{name} at {moment} can't be told, or not what was expected from {past}: a denominator is 0."
    by = f" ({(answer.actual - answer.expected) / abs(answer.expected):+.1%})" if answer.expected else ""
    return f"{name} at {moment} was {answer.actual:,.6g}, where {answer.expected:,.6g} was expected from {past}{by}."


def _line(cause: Named) -> str:
    where = ", ".join(f"{name} {'null' if value is None else value}" for name, value in cause.slice.items())
    share = "no share of it" if cause.share is None else f"{cause.share:.0%} of the change"
    return f"  {where}: {cause.actual:,.6g}, expected {cause.expected:,.6g}; {share}, p {cause.p:.3g}"
