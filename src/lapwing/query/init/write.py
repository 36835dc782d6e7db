"""The first project as YAML, with comments that say why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from lapwing.query.init.choose import Choice, Chosen
from lapwing.query.init.look import EARLIEST, LATEST, sql_path
from lapwing.query.init.names import SQL_WORDS, quoted
from lapwing.query.init.origin import Entry
from lapwing.sources.base import Family, Table

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SAFE = re.compile(r"[^\".]+\Z")
WIDE = 60
_OLD = timedelta(days=60)


def scalar(text: str) -> str:
    """The text as a YAML scalar."""
    plain = _PLAIN.match(text) and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def flow(entries: Mapping[str, Entry]) -> str:
    """A mapping on one line."""
    written = (f"{key}: {flow(one) if isinstance(one, dict) else scalar(one)}" for key, one in entries.items())
    return f"{{{', '.join(written)}}}"


def project_yaml(
    name: str, source: str, config: Mapping[str, Entry], choices: Iterable[Choice], today: datetime
) -> str:
    """lapwing.yaml."""
    choices = list(choices)
    entry = flow(config)
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
    lines += ["sources:", f"  {source}: {entry}{secret}", "store: {type: lmdb, path: .lapwing/store}", ""]
    lines.append("monitors:              # what comes to the board by itself when it is unusual")
    for choice in choices:
        monitor = f"{choice.name}_daily"
        lines.append(f"  {monitor}: {{metric: {choice.name}.{choice.count}, grain: day}}")
    return "\n".join(lines) + "\n"


def dataset_yaml(choice: Choice) -> str:
    """datasets/NAME.yaml."""
    lines = [f"dataset: {scalar(choice.name)}", f"description: {scalar(f'Rows of {table_name(choice.look.table)}.')}"]
    lines += _relation(choice)
    lines.append(f"time: {_time(choice)}{_why_time(choice)}")
    lines += ["", "dimensions:            # to group and filter by: columns with few values"]
    lines += _beside([(f"  {scalar(one.name)}: {_dimension(one)}", one.why) for one in choice.dimensions])
    if not choice.dimensions:
        lines[-1] = "dimensions: {}         # no column has few enough values"
    lines += ["", "measures:              # aggregations over rows; each is a metric, too"]
    lines += _beside([(f"  {scalar(one.name)}: {_measure(one)}", one.why) for one in choice.measures])
    lines += ["", *_metrics(choice)]
    lines += ["", *_rollup(choice)]
    if choice.skipped:
        lines += ["", "# Left out:"]
        lines += [f"#   {_comment(f'{column}: {why}')}" for column, why in choice.skipped]
    return "\n".join(lines) + "\n"


def table_name(table: Table) -> str:
    """Its name as the YAML has it: quoted where it must be."""
    parts = [table.source, *([table.schema] if table.schema else []), table.name]
    return ".".join(part if _WORD.match(part) else quoted(part) for part in parts)


def _beside(lines: Sequence[tuple[str, str]]) -> list[str]:
    """Each with its comment, these one under the other; what is very long does not push the rest away."""
    width = max((len(text) for text, _ in lines if len(text) <= WIDE), default=0)
    return [f"{text:<{width}}  # {_comment(why)}" for text, why in lines]


def _comment(text: str) -> str:
    """Within one line, whatever a column is called."""
    return " ".join(text.split())


def _relation(choice: Choice) -> list[str]:
    """The table, or SQL where its time has to be made first."""
    time, path = choice.time, sql_path(choice.look.table)
    name = quoted(time.name)
    if not time.reading and not time.outside:
        rows = f"  # {choice.look.rows:,} rows when this was written"
        return [f"table: {scalar(table_name(choice.look.table))}{rows}"]
    taken, why = "*", []
    if time.reading:
        taken = f"* replace ({time.reading.sql} as {name})"
        why.append(f"# {_comment(f'{time.name} is {time.reading.says}')}")
    text = f"select {taken} from {path}"
    if time.outside:
        text = f"select * from ({text}) where {name} >= '{EARLIEST}' and {name} < '{LATEST}'"
        rows = "1 row has a time" if time.outside == 1 else f"{time.outside:,} rows have times"
        why.append(f"# {rows} before {EARLIEST[:4]} or after {LATEST[:4]}, which no calendar shows; left out here")
    return [*why, "sql: |", f"  {text}"]


def _time(choice: Choice) -> str:
    column = scalar(choice.time.name)
    if choice.time.family is Family.TIMESTAMPTZ:
        return f"{{column: {column}}}"
    return f"{{column: {column}, timezone: UTC}}"


def _why_time(choice: Choice) -> str:
    time = choice.time
    assert time.first is not None
    assert time.last is not None
    says = f"from {time.first.date()} to {time.last.date()}"
    if time.family is not Family.TIMESTAMPTZ:
        says += "; it names no zone: put the one whose clock it is"
    says += f"; it could be {', '.join(choice.others)} as well" if choice.others else ""
    return f"  # {_comment(says)}"


def _dimension(one: Chosen) -> str:
    plain = one.column.lower() not in SQL_WORDS
    if one.name == one.column and plain and not one.sql:
        return "{}"
    keys = [f"column: {scalar(one.column)}"]
    if one.sql or not plain or not _SAFE.match(one.column):
        keys = [f"sql: {scalar(one.sql or quoted(one.column))}"]
    if not _WORD.match(one.column):
        keys.append(f"label: {json.dumps(_comment(one.column), ensure_ascii=False)}")
    return f"{{{', '.join(keys)}}}"


def _measure(one: Chosen) -> str:
    keys = [f"{one.aggregation}: {scalar(one.sql)}"]
    if one.where:
        keys.append(f"where: {scalar(one.where)}")
    elif one.column != "*" and not _WORD.match(one.column):
        name = _comment(one.column)
        text = f"Average {name}" if one.aggregation == "mean" else name
        keys.append(f"label: {json.dumps(text, ensure_ascii=False)}")
    return f"{{{', '.join(keys)}}}"


def _metrics(choice: Choice) -> list[str]:
    about = "# arithmetic over measures and other metrics"
    if not choice.metrics:
        rows = choice.count
        return [f"# metrics:             {about}, such as", f"#   half: {{derived: {rows} / 2}}"]
    percent = {True: ", format: percent", False: ""}
    lines = [(f"  {scalar(one.name)}: {{ratio: {one.sql}{percent[one.percent]}}}", one.why) for one in choice.metrics]
    return [f"metrics:               {about}", *_beside(lines)]


def _rollup(choice: Choice) -> list[str]:
    kept = ", ".join(scalar(name) for name in choice.kept)
    left = [one.name for one in choice.dimensions if one.name not in choice.kept]
    says = f"# about {choice.cells:,} cells at most"
    if left:
        says += f"; {', '.join(left)} would make it too large: questions about such go to the source"
    return [
        "rollups:               # states kept by dimensions and time, so that answers take milliseconds",
        f"  {says}",
        f"  main: {{grain: {choice.grain}, dimensions: [{kept}], partition: {choice.partition}}}",
    ]
