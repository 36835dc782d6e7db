"""Errors of workers on their way through a runner, which passes on nothing but text."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lapwing.cache.home import Home, Job, home_of
from lapwing.model.problem import (
    Cancelled,
    Conflict,
    LapwingError,
    ModelError,
    NotFound,
    Problem,
    Refused,
    SourceError,
    StoreError,
    TimeLimit,
    WrongUse,
)

_KINDS: Final = {
    kind.__name__: kind
    for kind in (Cancelled, Conflict, ModelError, NotFound, Refused, SourceError, StoreError, TimeLimit, WrongUse)
}
_MARK: Final = re.compile(r"<lapwing:([A-Za-z0-9+/=]+)>")


class WorkerFailed(Exception):
    """What a worker of a pipeline raises: the error's words, and all of it in a form that survives any log."""


@contextmanager
def told() -> Iterator[None]:
    """Raises our errors of the block as `WorkerFailed`."""
    try:
        yield
    except LapwingError as error:
        raise WorkerFailed(f"{error} {marked(error)}") from error


@contextmanager
def at_work(job: Job) -> Iterator[Home]:
    """The worker's home. In the process that ordered the job our errors of the block are left there, and all workers leave
    off: Beam would print each one with its trace. Elsewhere they are raised as `WorkerFailed`."""
    home: Home | None = None
    try:
        home = home_of(job)
        yield home
    except LapwingError as error:
        if home is None or not home.here:
            raise WorkerFailed(f"{error} {marked(error)}") from error
        home.fail(error)


def marked(error: LapwingError) -> str:
    """The error as a word that `found_in` finds again."""
    kind = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _KINDS), SourceError.__name__)
    data = {"kind": kind, "problems": [problem.as_dict() for problem in error.problems]}
    return f"<lapwing:{base64.b64encode(json.dumps(data).encode()).decode()}>"


def found_in(text: str) -> LapwingError | None:
    """The last of our errors in a runner's text; None where there is none, or only a piece of one."""
    for word in reversed(_MARK.findall(text)):
        try:
            data = json.loads(base64.b64decode(word, validate=True))
            return _KINDS[data["kind"]](*(Problem.of_dict(one) for one in data["problems"]))
        except (binascii.Error, ValueError, KeyError, TypeError):
            continue
    return None
