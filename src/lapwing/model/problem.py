"""Errors as data: what is wrong, where, the nearest valid thing, what to do.

Every error a person can cause or mend is a `LapwingError` holding one or more `Problem`s. The class says whose fault it
is and so decides the exit code and the HTTP status; the problem's `code` is stable and is the same in the CLI, in HTTP
and over every wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is: a position in a file, or in the text of a statement (then `file` is None). Lines and columns
    count from 1."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        parts = [self.file or "", *(str(n) for n in (self.line, self.column) if n is not None)]
        where = ":".join(part for part in parts if part)
        return f"{where} {self.key}".strip() if self.key else where


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `code` is stable and kebab-case ("unknown-column"), `message` one plain sentence, `nearest` valid names by likeness,
    `hint` what to do.
    """

    code: str
    message: str
    place: Place | None = None
    nearest: tuple[str, ...] = ()
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place and str(self.place) else self.message
        if self.nearest:
            text += f" Did you mean {' or '.join(self.nearest)}?"
        return f"{text} {self.hint}" if self.hint else text

    def as_dict(self) -> dict[str, object]:
        """The problem as JSON-ready data; absent parts are left out."""
        place = self.place
        out: dict[str, object] = {"code": self.code, "message": self.message}
        if place:
            fields = {"file": place.file, "line": place.line, "column": place.column, "key": place.key}
            out["place"] = {name: value for name, value in fields.items() if value is not None}
        if self.nearest:
            out["nearest"] = list(self.nearest)
        if self.hint:
            out["hint"] = self.hint
        return out

    @classmethod
    def of_dict(cls, data: Mapping[str, Any]) -> Problem:
        """What `as_dict` gave, read back from JSON. Raises KeyError or TypeError where it is something else."""
        place = Place(**data["place"]) if "place" in data else None
        return cls(data["code"], data["message"], place, tuple(data.get("nearest", ())), data.get("hint"))


class LapwingError(Exception):
    """Base of every error that carries problems. `exit_code` is the CLI's, `status` HTTP's."""

    exit_code: ClassVar[int] = 1
    status: ClassVar[int] = 500

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("a LapwingError needs at least one Problem")
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[LapwingError], tuple[Problem, ...]]:
        return type(self), self.problems

    @classmethod
    def of(
        cls,
        code: str,
        message: str,
        *,
        place: Place | None = None,
        nearest: Iterable[str] = (),
        hint: str | None = None,
    ) -> LapwingError:
        """An error of this class with one problem."""
        return cls(Problem(code, message, place, tuple(nearest), hint))


class WrongUse(LapwingError):
    """What was asked makes no sense as asked: an unknown metric, from after to, a statement that does not parse."""

    exit_code = 2
    status = 400


class ModelError(LapwingError):
    """The project's files are wrong. Holds all problems at once."""

    status = 422


class NotFound(LapwingError):
    """The named thing does not exist."""

    exit_code = 2
    status = 404


class Conflict(LapwingError):
    """Someone else changed it first, or holds it: a manifest moved, a port is in use."""

    status = 409


class SourceError(LapwingError):
    """A source does not answer, refuses, or holds data that cannot be read."""

    status = 502


class Unavailable(SourceError):
    """A source that is known to be down is not asked now; others are."""

    status = 503


class TimeLimit(LapwingError):
    """It took longer than the time limit and was stopped."""

    status = 504


class TooMany(LapwingError):
    """So much is asked at once that this can't even wait."""

    status = 429


class Cancelled(LapwingError):
    """Someone cancelled it."""

    status = 499


class Refused(LapwingError):
    """It is understood, but can't be answered right (or at all) under the caller's wishes; the reasons are in the problems."""

    status = 422


class StoreError(LapwingError):
    """The rollup store can't be read or written: full disk, newer format, damaged."""

    status = 500
