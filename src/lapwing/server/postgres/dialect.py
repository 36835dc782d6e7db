"""What is written for PostgreSQL and would be read otherwise here, as edits of the statement's text.

`at` is no word of PostgreSQL's SQL that a column can't be called by, and its clients do not quote it; schemas with a dot
inside have a name of two parts here; tables may be called without their schema, where `search_path` names it; and
`to_date` and `to_timestamp` read moments by a form, and `to_char` writes them by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from lapwing.server.postgres import forms
from lapwing.server.postgres.catalog.tables import Shown
from lapwing.server.postgres.scan import Token, tokens
from lapwing.sources.quote import identifier
from lapwing.sql.depth import check_length
from lapwing.sql.text import Edit, Letters

_FIRST = {
    "year": "0001",
    "month": "01",
    "day": "01",
    "hour": "00",
    "minute": "00",
    "second": "00",
    "milli": "0",
    "micro": "",
}
"""What a moment is of which the form says nothing."""
_FORM = {
    "YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d\d)", "DD": r"(?P<day>\d\d)", "HH24": r"(?P<hour>\d\d)",
    "MI": r"(?P<minute>\d\d)", "SS": r"(?P<second>\d\d)", "US": r"(?P<micro>\d{1,6})", "MS": r"(?P<milli>\d{1,3})",
}  # fmt: skip
_PARTS = re.compile("|".join(sorted(_FORM, key=len, reverse=True)), re.IGNORECASE)
_MOMENT = re.compile(r"to_(?P<kind>\w+)\s*\(\s*'(?P<text>[^']*)'\s*,\s*'(?P<form>[^']*)'\s*\)", re.IGNORECASE)


def edits(text: str, shown: Sequence[Shown], path: Sequence[str] = ()) -> list[Edit]:
    """What is to be written otherwise; `shown` are the tables that clients see, `path` the schemas of their search path.

    Raises:
        WrongUse: it is longer than statements that are read.
    """
    check_length(text)
    schemas, letters = {one.schema for one in shown}, Letters(text)
    every = list(tokens(text))
    found = [edit for token in every if (edit := _edit(letters, token, schemas)) is not None]
    found += forms.edits(text, letters, (token.start for token in every if token.kind == "to_char"))
    return found + (_qualified(text, letters, shown, path) if schemas & set(path) else [])


def _edit(letters: Letters, token: Token, schemas: set[str]) -> Edit | None:
    if token.kind == "at":
        return letters.edit(token.start, token.end, f'"{token.text}"')
    if token.kind == "dotted" and token.text[1:-1] in schemas:
        return letters.edit(token.start, token.end, ".".join(map(identifier, token.text[1:-1].split(".", 1))))
    if token.kind == "moment" and (moment := _moment(token.text)) is not None:
        return letters.edit(token.start, token.end, moment)
    return None


def _moment(call: str) -> str | None:
    """A call of to_date or to_timestamp as a literal; None where its form is not known here.

    >>> _moment("TO_TIMESTAMP('2024-01-05 10:00:00.5', 'YYYY-MM-DD HH24:MI:SS.US')")
    "TIMESTAMPTZ '2024-01-05 10:00:00.500000'"
    """
    parts = _MOMENT.fullmatch(call)
    assert parts is not None
    said = re.fullmatch(
        _PARTS.sub(lambda found: _FORM[found[0].upper()], re.escape(parts["form"])), parts["text"].strip()
    )
    if said is None:
        return None
    read = {name: value or _FIRST[name] for name, value in (_FIRST | said.groupdict()).items()}
    micros = (read["micro"] or read["milli"]).ljust(6, "0")
    told = f"{read['year']}-{read['month']}-{read['day']} {read['hour']}:{read['minute']}:{read['second']}.{micros}"
    try:
        datetime.fromisoformat(told)
    except ValueError:
        return None
    if parts["kind"].lower() == "date":
        return f"DATE '{told[:10]}'"
    return f"TIMESTAMPTZ '{told}'"


def _qualified(text: str, letters: Letters, shown: Sequence[Shown], path: Sequence[str]) -> list[Edit]:
    """The schema before each table that is called without it, from the first schema of the path that has one so called."""
    return [
        letters.edit(start, start, ".".join(map(identifier, schema.split(".", 1))) + ".")
        for name, start in _unqualified(text)
        if (schema := _schema_of(name, shown, path)) is not None
    ]


def _schema_of(name: str, shown: Sequence[Shown], path: Sequence[str]) -> str | None:
    named = {one.schema for one in shown if one.name.lower() == name.lower()}
    return next((schema for schema in path if schema in named), None)


def _unqualified(text: str) -> Iterator[tuple[str, int]]:
    """Tables without a schema that are none of the statement's own WITH, and where they are written."""
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(text, dialect="postgres")
    except (SqlglotError, RecursionError):
        return  # whoever reads it next says what is wrong
    ctes = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table.this
        if isinstance(name, exp.Identifier) and not table.db and name.name.lower() not in ctes and "start" in name.meta:
            yield name.name, name.meta["start"]
