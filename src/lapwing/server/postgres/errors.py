"""Problems as PostgreSQL's errors: the code, the hint and the position that its clients look for."""

from __future__ import annotations

from pygwire.messages import ErrorResponse

from lapwing.model.problem import (
    Cancelled,
    Conflict,
    LapwingError,
    NotFound,
    Place,
    Problem,
    Refused,
    SourceError,
    StoreError,
    TimeLimit,
    WrongUse,
)

STATES = {
    "syntax": "42601",
    "one-statement": "42601",
    "unknown-column": "42703",
    "unknown-dimension": "42703",
    "unknown-metric": "42703",
    "unknown-table": "42P01",
    "unknown-dataset": "42P01",
    "unknown-source": "3F000",
    "unknown-name": "42883",
    "unknown-function": "42883",
    "unknown-type": "42704",
    "conversion": "22P02",
    "out-of-range": "22003",
    "division-by-zero": "22012",
    "bad-moment": "22007",
    "not-a-query": "25006",
    "parameter": "42P02",
    "bad-parameter": "22023",
    "bad-value": "22023",
    "unknown-zone": "22023",
    "unknown-setting": "42704",
    "not-implemented": "0A000",
    "memory-limit": "53200",
    "value-too-large": "54000",
    "too-large": "54000",
    "result-too-large": "54000",
    "too-many-connections": "53300",
    "token-needed": "28P01",
    "read-only": "25006",
    "in-failed-transaction": "25P02",
    "unknown-statement": "26000",
    "unknown-portal": "34000",
    "statement-exists": "42P05",
    "portal-exists": "42P03",
    "protocol": "08P01",
    "function-refused": "42501",
    "table-function-refused": "42501",
    "not-allowed": "42501",
    "terminated": "57P01",
    "unexpected": "XX000",
}
"""The SQLSTATE of a problem's code; of others it follows from the error's class."""
_CLASSES: tuple[tuple[type[LapwingError], str], ...] = (
    (Cancelled, "57014"),
    (TimeLimit, "57014"),
    (NotFound, "42704"),
    (Refused, "0A000"),
    (SourceError, "58030"),
    (StoreError, "58030"),
    (Conflict, "55006"),
    (WrongUse, "42000"),
)


def state_of(error: LapwingError) -> str:
    """The five letters of its SQLSTATE."""
    found = STATES.get(error.problems[0].code)
    return found or next((code for kind, code in _CLASSES if isinstance(error, kind)), "XX000")


def response(error: LapwingError, text: str = "", *, start: int = 0, severity: str = "ERROR") -> ErrorResponse:
    """The error as a message. `text` is the whole of what the client sent, in which the statement begins at `start`; a
    problem's own code is told as the name of the constraint, where PostgreSQL has no field for such a thing."""
    first = error.problems[0]
    fields = {"S": severity, "V": severity, "C": state_of(error), "M": _message(first)}
    if len(error.problems) > 1:
        fields["D"] = "\n".join(str(one) for one in error.problems[1:])
    if first.hint:
        fields["H"] = first.hint
    position = _position(first.place, text, start)
    if position is not None:
        fields["P"] = str(position)
    fields |= {"n": first.code, "R": first.code}
    return ErrorResponse({name: value.replace("\0", "") for name, value in fields.items()})


def _message(problem: Problem) -> str:
    near = f" Did you mean {' or '.join(problem.nearest)}?" if problem.nearest else ""
    return problem.message + near


def _position(place: Place | None, text: str, start: int) -> int | None:
    """The place as a character of `text`, from 1."""
    if place is None or place.file is not None or place.line is None or place.column is None or not text:
        return None
    lines = text[start:].split("\n")
    if place.line > len(lines):
        return None
    return start + sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column
