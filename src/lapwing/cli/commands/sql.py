"""lapwing sql: one statement over all sources and metrics."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from lapwing.cli import output
from lapwing.cli.project import open_project
from lapwing.model.problem import WrongUse

HELP = "run one SELECT over all sources and metrics"
DESCRIPTION = """Runs one SELECT. Tables are source.table (or source.schema.table) and metrics.DATASET.

  lapwing sql "select origin, count(*) from files.flights group by 1"
  lapwing sql - < statement.sql"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="STATEMENT", help="the statement, or - to read it from stdin, or @FILE")
    output.arguments(parser)
    parser.add_argument("--explain", action="store_true", help="tell how it would run, and what each source is sent")
    parser.add_argument("--analyze", action="store_true", help="run it, leave its rows, and tell how it ran")
    parser.add_argument(
        "--maximum-bytes-billed",
        type=size,
        metavar="SIZE",
        help="rather no answer than one for which a source would bill more, such as 10GB",
    )
    parser.add_argument(
        "--maximum-rows", type=count, metavar="N", help="rather an error than a result of more than N rows"
    )
    parser.add_argument(
        "--maximum-bytes", type=size, metavar="SIZE", help="rather an error than a larger result, such as 2GB"
    )
    parser.add_argument(
        "--time-limit", type=seconds, default=60.0, metavar="S", help="stop after S seconds (default 60)"
    )
    parser.add_argument("--tz", metavar="ZONE", help="the time zone (default: the project's)")
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="what runs it: duckdb (this process), trino (the cluster of lapwing.yaml), or a source of BigQuery",
    )
    parser.add_argument(
        "--max-age",
        type=length,
        metavar="LENGTH",
        help="a kept result may be so old, such as 5m, whatever the sources say (default: only while they say it holds)",
    )
    parser.add_argument("--no-cache", action="store_true", help="no kept result, and metrics from the source")
    parser.add_argument("--receipt", action="store_true", help="tell how it was answered, on stderr")


def seconds(text: str) -> float:
    """A time limit."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0, up to 86400")
    return value


def length(text: str) -> float:
    """A length of time in seconds."""
    from lapwing.model.duration import parse_duration

    try:
        return parse_duration(text).total_seconds()
    except WrongUse as error:
        raise ArgumentTypeError(str(error.problems[0])) from error


def count(text: str) -> int:
    """A number of rows."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number of rows, 1 or more")
    return int(text)


def size(text: str) -> int:
    """An amount of bytes."""
    from lapwing.model.size import parse_size

    try:
        return parse_size(text)
    except WrongUse as error:
        raise ArgumentTypeError(str(error.problems[0])) from error


def run(options: Namespace) -> int:
    from lapwing.query.ask import SqlQuery, Wishes

    wishes = Wishes(
        cache=not options.no_cache,
        max_age=options.max_age,
        time_limit=options.time_limit,
        maximum_bytes_billed=options.maximum_bytes_billed,
        maximum_rows=options.maximum_rows,
        maximum_bytes=options.maximum_bytes,
    )
    asked = SqlQuery(text=_text(options.text), zone=options.tz, wishes=wishes, engine=options.engine)
    form = output.format_of(options)
    with open_project(options) as lapwing:
        if options.explain or options.analyze:
            told = lapwing.explained_sql(asked, analyze=options.analyze)
            if options.json:
                output.write_json({"explain": told.text, "plan": told.document})
            else:
                print(told.text)
            return 0
        answer = lapwing.run_sql(asked)
        try:
            with answer.running:
                output.write_rows(answer.running.schema, answer.running, form, options.out)
        except KeyboardInterrupt:
            answer.running.cancel()
            raise
        if options.receipt:
            from lapwing.cli.receipt import receipt_lines

            print("\n".join(receipt_lines(answer.receipt())), file=sys.stderr)
    return 0


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if given.startswith("@"):
        path = Path(given[1:])
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse.of(
                "unreadable-file", f"{path} can't be read.", hint="Name a text file after the @."
            ) from error
    return given
