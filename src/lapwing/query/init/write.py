"""The first project as YAML, with comments that say why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from lapwing.query.init.choose import Choice, Chosen
from lapwing.query.init.look import quoted, sql_path
from lapwing.sources.base import Family, Table

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*\Z")
_RESERVED = """
    all and any as asc between by case cast check column cross default desc distinct else end except exists false
    from full group having in inner intersect interval into is join lateral left like limit natural not null offset
    on only or order outer references right select set some table then to true union unique user using values when
    where window with
"""
_SQL_WORDS = frozenset(_RESERVED.split())
_OLD = timedelta(days=60)


def scalar(text: str) -> str:
    """The text as a YAML scalar."""
    plain = _PLAIN.match(text) and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def expression(column: str) -> str:
    """A column as SQL, quoted only where it must be."""
    return column if _SIMPLE.match(column) and column not in _SQL_WORDS else quoted(column)


def project_yaml(name: str, source: str, config: Mapping[str, str], choices: Iterable[Choice], today: datetime) -> str:
    """lapwing.yaml."""
    choices = list(choices)
    entry = ", ".join(f"{key}: {scalar(value)}" for key, value in config.items())
    lines = [
        "# Written by `lapwing init`; it is yours to change. `lapwing check` says what is wrong.",
        f"name: {scalar(name)}",
        "timezone: UTC          # what people here mean by a day; such as Europe/Berlin or America/New_York",
    ]
    last = max(choice.time.last for choice in choices if choice.time.last)
    if today - last > _OLD:
        pinned = (last + timedelta(days=1)).date()
        lines.append(
            f"now: {pinned}        # the data ends on {last.date()}, so the clock stands there; remove it for live data"
        )
    secret = "  # the secret comes from the environment" if "$" in entry else ""
    lines += ["sources:", f"  {source}: {{{entry}}}{secret}", "store: {type: lmdb, path: .lapwing/store}", ""]
    lines.append("monitors:              # what comes to the board by itself when it is unusual")
    for choice in choices:
        monitor = f"{choice.name}_daily"
        lines.append(f"  {monitor}: {{metric: {choice.name}.{choice.count}, grain: day}}")
    return "\n".join(lines) + "\n"


def dataset_yaml(choice: Choice) -> str:
    """datasets/NAME.yaml."""
    look, time = choice.look, choice.time
    lines = [f"dataset: {choice.name}", f"description: Rows of {table_name(look.table)}."]
    lines += _relation(choice)
    lines.append(f"time: {_time(choice)}{_why_time(choice)}")
    lines += ["", "dimensions:            # to group and filter by: columns with few values"]
    lines += [f"  {one.name}: {_column(one)}  # {one.why}" for one in choice.dimensions]
    if not choice.dimensions:
        lines[-1] = "dimensions: {}         # no column has few enough values"
    lines += ["", "measures:              # aggregations over rows; each is a metric, too"]
    lines += [f"  {one.name}: {_aggregation(one)}  # {one.why}" for one in choice.measures]
    lines += ["", "# metrics:             # arithmetic over measures, such as"]
    first, last = choice.measures[0].name, choice.measures[-1].name
    lines.append(f"#   share: {{ratio: {last} / {first}, format: percent, better: down}}")
    lines += ["", *_rollup(choice)]
    if choice.skipped:
        lines += ["", "# Left out:"]
        lines += [f"#   {column}: {why}" for column, why in choice.skipped]
    assert time.first is not None
    return "\n".join(lines) + "\n"


def table_name(table: Table) -> str:
    return ".".join([table.source, *([table.schema] if table.schema else []), table.name])


def _relation(choice: Choice) -> list[str]:
    table = choice.look.table
    if choice.time.text_time:
        name = quoted(choice.time.name)
        text = f"select * replace (cast({name} as timestamp) as {name}) from {sql_path(table)}"
        return [f"sql: {json.dumps(text, ensure_ascii=False)}  # {choice.time.name} is text that reads as a time"]
    rows = f"  # {choice.look.rows:,} rows when this was written"
    return [f"table: {scalar(table_name(table))}{rows}"]


def _time(choice: Choice) -> str:
    column = scalar(choice.time.name)
    if choice.time.family is Family.TIMESTAMPTZ:
        return f"{{column: {column}}}"
    return f"{{column: {column}, timezone: UTC}}"


def _why_time(choice: Choice) -> str:
    time = choice.time
    assert time.first is not None
    assert time.last is not None
    says = f"  # from {time.first.date()} to {time.last.date()}"
    if time.family is not Family.TIMESTAMPTZ:
        says += "; it names no zone: put the one whose clock it is"
    return says + (f"; it could be {', '.join(choice.others)} as well" if choice.others else "")


def _column(one: Chosen) -> str:
    if one.name == one.column and one.column not in _SQL_WORDS:
        return "{}"
    if _SIMPLE.match(one.column) and one.column not in _SQL_WORDS:
        return f"{{column: {one.column}}}"
    return f"{{sql: {json.dumps(quoted(one.column), ensure_ascii=False)}}}"


def _aggregation(one: Chosen) -> str:
    argument = '"*"' if one.column == "*" else scalar(expression(one.column))
    return f"{{{one.aggregation}: {argument}}}"


def _rollup(choice: Choice) -> list[str]:
    kept = ", ".join(choice.kept)
    left = [one.name for one in choice.dimensions if one.name not in choice.kept]
    says = f"# about {choice.cells:,} cells at most"
    if left:
        says += f"; {', '.join(left)} would make it too large: questions about such go to the source"
    return [
        "rollups:               # states kept by dimensions and time, so that answers take milliseconds",
        f"  {says}",
        f"  main: {{grain: {choice.grain}, dimensions: [{kept}], partition: {choice.partition}}}",
    ]
