"""Says what is wrong with a statement that the engine does not accept: in the user's own positions, with the nearest names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, Place, Problem, WrongUse
from lapwing.sources.quote import text as text_literal
from lapwing.sql.bind import BoundStatement
from lapwing.sql.text import Edited, place

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

# The engine's sentences about a column that is not there; it gives some of them neither a name nor a position of its own.
_OF_TABLE = re.compile(r'Values list "(?P<table>[^"]+)" does not have a column named "(?P<column>[^"]+)"')
_COLUMNS = (
    re.compile(r'Referenced column "?(?P<column>(?<=")[^"]+|[^"\s]+)"? (?:was )?not found'),
    re.compile(r'Column "(?P<column>[^"]+)" (?:in (?:EXCLUDE|REPLACE|RENAME) list not found|does not exist on)'),
)
_TABLE = re.compile(r'Referenced table "(?P<table>[^"]+)" not found')
_ENTRIES = {"type": "unknown-type", "table": "unknown-table"}


def explain_error(bound: BoundStatement, text: Edited, cursor: Cursor, error: LapwingError) -> NoReturn:
    """Raises what is wrong with the statement; `error`, at its place in the statement, where the engine can't tell more.

    Raises:
        NotFound: a column, table, function or type does not exist.
        WrongUse: anything else.
    """
    rows = cursor.table(f"SELECT json_serialize_plan({text_literal(text.text)}) AS plan")
    answer = json.loads(rows["plan"][0].as_py())
    if not answer.get("error"):
        raise at_home(error, text) from error
    where = text.place(int(answer["position"])) if "position" in answer else None
    message = str(answer["error_message"])
    raise _unknown(bound, message, answer, where) or _wrong(message, where) from error


def at_home(error: LapwingError, text: Edited) -> LapwingError:
    """An error of the edited text, with its places as they are in the original."""
    moved = (
        Problem(one.code, one.message, _original(one.place, text), one.nearest, one.hint) for one in error.problems
    )
    return type(error)(*moved)


def _original(at: Place | None, text: Edited) -> Place | None:
    if at is None or at.file is not None or at.line is None:
        return at
    lines = text.text.split("\n")[: at.line]
    if at.column is None:
        return None  # a line of the edited text says nothing to who wrote the original
    return text.place(len("\n".join([*lines[:-1], lines[-1][: at.column - 1]]).encode()))


def _unknown(
    bound: BoundStatement, message: str, answer: Mapping[str, object], where: Place | None
) -> LapwingError | None:
    """The error about a name that does not exist, None if it is about something else."""
    if found := _OF_TABLE.search(message):
        return _no_column(bound, found["column"], where, (), found["table"])
    for pattern in _COLUMNS:
        if found := pattern.search(message):
            return _no_column(bound, found["column"], where, _candidates(answer))
    if found := _TABLE.search(message):
        names = [one.reference.name for one in bound.occurrences] + [one.name for one, _ in bound.given]
        near = nearest(found["table"], names) or tuple(names[:3])
        where = where or _only_place(bound.statement.text, found["table"])  # of `t.*` the engine tells none
        return NotFound(Problem("unknown-table", f"There is no table {found['table']} here.", where, near))
    if answer.get("error_subtype") == "MISSING_ENTRY":
        name, kind = str(answer.get("name", "")), str(answer.get("type", "")).lower()
        what = kind.split()[-1]
        near = () if what == "table" else _candidates(answer)
        where = where or _only_place(bound.statement.text, name)
        return NotFound(Problem(_ENTRIES.get(what, "unknown-function"), f"There is no {what} {name}.", where, near))
    return None


def _no_column(
    bound: BoundStatement, name: str, where: Place | None, candidates: tuple[str, ...], table: str | None = None
) -> LapwingError:
    columns = {
        one.reference.name.lower(): tuple(column.name for column in one.table.columns) for one in bound.occurrences
    }
    columns |= {one.name.lower(): tuple(bound.tables[given].schema.names) for one, given in bound.given}
    known = columns.get(table.lower()) if table else None
    near = nearest(name, known if known is not None else [column for listed in columns.values() for column in listed])
    whose = f"{table} has no column {name}." if table else f"There is no column {name}."
    hint = None
    if known and not near:
        hint = f"It has {', '.join(known[:8])}{f' and {len(known) - 8} more' if len(known) > 8 else ''}."
    where = where or _only_place(bound.statement.text, name)
    return NotFound(Problem("unknown-column", whose, where, near or candidates, hint))


def _only_place(text: str, name: str) -> Place | None:
    """Where the name stands, if it stands there once. The engine writes a zero byte as two letters."""
    written = re.escape(name.replace("\\0", "\0"))
    found = list(re.finditer(rf"(?<!\w){written}(?!\w)", text, re.IGNORECASE))
    return place(text, len(text[: found[0].start()].encode())) if len(found) == 1 else None


def _wrong(message: str, where: Place | None) -> LapwingError:
    """The engine's first paragraph as a sentence; its list of candidates is too long to help."""
    kept = re.split(r"\n\tCandidate|\n\n|\n *Left candidates", message)[0]
    sentence = " ".join(line.strip() for line in kept.splitlines()).rstrip("! ")
    sentence = sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith(".") else ".")
    types = "argument types" in message or "onversion" in message or "convert" in message
    return WrongUse(Problem("wrong-type" if types else "wrong-statement", sentence, where))


def _candidates(answer: Mapping[str, object]) -> tuple[str, ...]:
    named = (part.strip().strip('"').split(".")[-1] for part in str(answer.get("candidates", "")).split(","))
    return tuple(part for part in named if part)[:3]
