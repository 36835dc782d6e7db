"""PEP 249's exceptions, each with the problems behind it: code, place, nearest valid names, hint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from lapwing.model.problem import LapwingError, Place, Problem
from lapwing.sql.text import Edited, offset


class Warning(Exception):  # noqa: A001 - PEP 249's name
    """Never raised; PEP 249 wants it."""


class Error(Exception):
    """Base of all errors of the door. `problems` holds every one; the other properties are the first one's."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[Error], tuple[Problem, ...]]:
        return type(self), self.problems

    @property
    def code(self) -> str:
        return self.problems[0].code

    @property
    def place(self) -> Place | None:
        return self.problems[0].place

    @property
    def hint(self) -> str | None:
        return self.problems[0].hint


class InterfaceError(Error):
    """The door itself was used wrongly: a closed connection, nothing to fetch."""


class DatabaseError(Error):
    """Something about the data or the server."""


class DataError(DatabaseError):
    """A value is not what it was taken for."""


class OperationalError(DatabaseError):
    """A source, the store or the server does not answer (in time), or it was cancelled."""


class IntegrityError(DatabaseError):
    """Never raised, as nothing is written; PEP 249 wants it."""


class InternalError(DatabaseError):
    """Lapwing stumbled."""


class ProgrammingError(DatabaseError):
    """It can't be asked so: a statement that does not parse, an unknown name."""


class NotSupportedError(DatabaseError):
    """It is understood, but can't be answered, or not right."""


_BY_STATUS: dict[int, type[DatabaseError]] = {
    400: ProgrammingError, 404: ProgrammingError, 413: ProgrammingError, 422: NotSupportedError, 401: OperationalError,
    403: OperationalError, 409: OperationalError, 499: OperationalError, 502: OperationalError, 503: OperationalError,
    504: OperationalError,
}  # fmt: skip
_BY_CODE: dict[str, type[DatabaseError]] = {"conversion": DataError, "not-a-query": NotSupportedError}


def of_problems(status: int, problems: tuple[Problem, ...]) -> DatabaseError:
    """The exception for what HTTP would tell by `status`: the same from a project and from a server."""
    kind = _BY_CODE.get(problems[0].code) or _BY_STATUS.get(status, InternalError)
    return kind(*problems)


def interface(code: str, message: str, hint: str | None = None) -> InterfaceError:
    return InterfaceError(Problem(code, message, hint=hint))


@contextmanager
def told() -> Iterator[None]:
    """Inside it the project's errors become PEP 249's."""
    try:
        yield
    except LapwingError as error:
        raise of_problems(error.status, error.problems) from error


@contextmanager
def told_in(edited: Edited | None) -> Iterator[None]:
    """Inside it problems are told at their places in the statement as it was written, before its parameters had values."""
    try:
        yield
    except Error as error:
        if edited is None or not edited.edits:
            raise
        raise type(error)(*[_in_original(problem, edited) for problem in error.problems]) from error


def _in_original(problem: Problem, edited: Edited) -> Problem:
    where = problem.place
    if where is None or where.file is not None or where.line is None or where.column is None:
        return problem
    return replace(problem, place=edited.place(offset(edited.text, where.line, where.column)))
