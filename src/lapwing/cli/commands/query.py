"""lapwing query: metrics by dimensions and grain."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.commands.sql import seconds, size
from lapwing.cli.project import open_project
from lapwing.model.problem import WrongUse

if TYPE_CHECKING:
    from lapwing.query.answer import Answer
    from lapwing.query.explain import Explained

HELP = "answer metrics by dimensions and grain"
DESCRIPTION = """Answers metrics, from a rollup or the source.

  lapwing query --metrics flights,cancel_rate --by carrier --grain month --receipt
  lapwing query --metrics flights --by dest --top 5 --grain month
  lapwing query --metrics cancelled --from 2013-02-07 --to 2013-02-11 --grain day --where "origin = 'EWR'"

Times: 2013-02, 2013-02-08T14:00, FY2013, now, -7d, -7d/d, now/fy. --to is the first moment that does not count."""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--metrics", required=True, type=names, metavar="A,B", help="metrics, as m or dataset.m")
    parser.add_argument("--by", type=names, default=(), metavar="D1,D2", help="dimensions to group by")
    parser.add_argument(
        "--grain",
        metavar="GRAIN",
        help="15 minutes, hour, day, week, month, quarter, year, iso_week, fiscal_year, ...",
    )
    parser.add_argument("--from", dest="start", metavar="T", help="from when (default: the data's beginning)")
    parser.add_argument("--to", dest="end", metavar="T", help="until when, exclusive (default: the data's end)")
    parser.add_argument("--tz", metavar="ZONE", help="the time zone (default: the project's)")
    parser.add_argument("--where", metavar="SQL", help="a condition over dimensions")
    parser.add_argument("--order", type=names, default=(), metavar="M:desc", help="metrics, dimensions or time; :desc")
    parser.add_argument("--limit", type=count, metavar="N", help="so many rows at most")
    parser.add_argument(
        "--top",
        type=top,
        metavar="N[:M]",
        help="the N largest groups by metric M (default: the first), then all the others as one, the rest",
    )
    parser.add_argument("--as-known-at", metavar="T", help="what was known at T, a moment of real time")
    parser.add_argument(
        "--restated-since",
        metavar="T",
        help="beside each metric M, M_before as known at T, and M_restated, the difference",
    )
    parser.add_argument("--no-cache", action="store_true", help="answer from the source")
    parser.add_argument("--cache-only", action="store_true", help="ask no source; what is missing is told")
    parser.add_argument(
        "--max-staleness", metavar="LENGTH", help="how much older than the source it may be, such as 10 minutes or 0"
    )
    parser.add_argument(
        "--max-age", metavar="LENGTH", help="a kept answer may be so old, such as 5m, whatever rollups and sources say"
    )
    exactness = parser.add_mutually_exclusive_group()
    exactness.add_argument("--exact", action="store_true", help="rather no answer than one with an error bound")
    exactness.add_argument("--approximate", action="store_true", help="with error bounds, too (default)")
    parser.add_argument(
        "--maximum-bytes-billed",
        type=size,
        metavar="SIZE",
        help="rather no answer than one for which a source would bill more, such as 10GB",
    )
    parser.add_argument(
        "--time-limit", type=seconds, default=60.0, metavar="S", help="stop after S seconds (default 60)"
    )
    parser.add_argument("--receipt", action="store_true", help="tell how it was answered")
    parser.add_argument("--explain", action="store_true", help="tell how it would be answered, and why; answer nothing")
    output.arguments(parser)


def names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def count(text: str) -> int:
    """A whole number of rows."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def top(text: str) -> tuple[int, str | None]:
    """How many groups, and by which metric."""
    number, _, metric = text.partition(":")
    return count(number), metric or None


def run(options: Namespace) -> int:
    from lapwing.model.grain import Grain
    from lapwing.query.ask import MetricQuery, Order, Top, Wishes

    form = output.format_of(options)
    asked = MetricQuery(
        metrics=options.metrics,
        by=options.by,
        grain=Grain.parse(options.grain) if options.grain else None,
        start=options.start,
        end=options.end,
        zone=options.tz,
        where=options.where,
        order=tuple(Order(name=name, descending=descending) for name, descending in map(_order, options.order)),
        limit=options.limit,
        as_known_at=options.as_known_at,
        restated_since=options.restated_since,
        top=None if options.top is None else Top(count=options.top[0], metric=options.top[1]),
        wishes=Wishes(
            cache=not options.no_cache,
            cache_only=options.cache_only,
            max_staleness=_seconds_of(options.max_staleness),
            exact=options.exact,
            time_limit=options.time_limit,
            maximum_bytes_billed=options.maximum_bytes_billed,
            max_age=_seconds_of(options.max_age),
        ),
    )
    with open_project(options) as lapwing:
        if options.explain:
            return _explain(lapwing.explain(asked), as_json=options.json)
        _write(lapwing.answer(asked), form, options)
    return 0


def _write(answer: Answer, form: str, options: Namespace) -> None:
    """While the project is open: a receipt looks at the store for what it tells of rollups that were not taken."""
    table = answer.table
    if options.json and options.out is None and options.format is None:
        _write_document(table, answer.receipt.as_dict())
        return
    output.write_rows(table.schema, table.to_batches(), form, options.out)
    if options.receipt:
        from lapwing.cli.receipt import receipt_lines

        to = sys.stdout if form == "table" and options.out is None else sys.stderr
        print("\n" + "\n".join(receipt_lines(answer.receipt)), file=to)


def _seconds_of(length: str | None) -> float | None:
    from lapwing.model.duration import parse_duration

    return None if length is None else parse_duration(length).total_seconds()


def _explain(explained: Explained, *, as_json: bool) -> int:
    from lapwing.cli.explained import explained_lines

    if as_json:
        output.write_json(explained.as_dict())
    else:
        print("\n".join(explained_lines(explained)))
    return 0


def _order(text: str) -> tuple[str, bool]:
    name, colon, way = text.rpartition(":")
    if not colon:
        return text, False
    if way not in ("asc", "desc"):
        raise WrongUse.of("bad-order", f"{text!r} is no order.", hint="Write NAME, NAME:asc or NAME:desc.")
    return name, way == "desc"


def _write_document(table: object, receipt: dict[str, object]) -> None:
    import pyarrow as pa

    from lapwing.server.encode.cells import json_rows, unique_names
    from lapwing.server.encode.types import columns

    assert isinstance(table, pa.Table)
    names = unique_names(table.column_names)
    rows = [dict(zip(names, row, strict=True)) for batch in table.to_batches() for row in json_rows(batch)]
    output.write_json({"columns": columns(table.schema), "rows": rows, "receipt": receipt})
