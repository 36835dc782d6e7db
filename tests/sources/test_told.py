"""Errors of ours come out of the engine as they went in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fsspec import AbstractFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.model.problem import LapwingError, Place, Problem, SourceError, TimeLimit, Unavailable
from lapwing.sources import told
from lapwing.sources.engine import Engine
from lapwing.sources.passing import Passing
from lapwing.sources.told import Told

WHERE = Place("lapwing.yaml", 3, key="sources.s3")
ERRORS = [
    Unavailable(Problem("circuit-open", "s3 is not asked now.", WHERE, ("s4",), "Wait.")),
    TimeLimit(Problem("time-limit", "s3 did not finish in 2 s.")),
    Passing(Problem("source-unreachable", f"s3 does not answer: {'ü]' * 5_000}", WHERE), after=2.0, down=False),
    SourceError(Problem("wrong-password", "s3 refuses the key."), Problem("another", "And more.")),
]


class Failing(AbstractFileSystem):  # type: ignore[misc] # fsspec is untyped
    """Files that can't be opened."""

    cachable, protocol = False, "failing"

    def __init__(self, fails: Callable[[], Any]) -> None:
        super().__init__()
        self._fails = fails

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": path, "size": 1_000, "type": "file"}

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        return self._fails()


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("read", ["read_parquet('failing://files/a.parquet')", "read_csv('failing://files/a.csv')"])
def test_class_and_problems_stay(error: LapwingError, read: str) -> None:
    def fails() -> Any:
        raise Told(error)

    engine = Engine(allowed=["failing://files"])
    engine.reach(Failing(fails))
    with engine.cursor() as cursor, pytest.raises(LapwingError) as caught:
        cursor.execute(f"select * from {read}")
    engine.close()
    assert type(caught.value) is type(error)
    assert caught.value.problems == error.problems
    assert caught.value.status == error.status
    assert vars(caught.value) == vars(error)


@settings(max_examples=5)
@given(st.integers(500, 3_000))
def test_no_more_are_kept_than_are_on_their_way(many: int) -> None:
    texts = [str(Told(error)) for error in ERRORS * (many // len(ERRORS) + 1)]
    assert len(told._errors) <= told._KEPT
    found = told.told(f"IO Error: Python: {texts[-1]}\nand more")
    assert type(found) is type(ERRORS[-1])
    assert told.told("IO Error: no such file") is None
