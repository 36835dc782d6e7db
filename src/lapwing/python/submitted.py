"""A statement that runs on while its asker does something else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Self

import pyarrow as pa

from lapwing.model.problem import Problem
from lapwing.python.bar import watched
from lapwing.python.errors import NotSupportedError, told_in
from lapwing.python.result import Result
from lapwing.python.way import Json, Task
from lapwing.sql.text import Edited


class Submitted:
    """What `Connection.submit` began. Its rows are kept for an hour after its end, and may be read as often as wanted; who
    asks for them before its end waits for it. Threads may share it."""

    def __init__(self, task: Task, edited: Edited | None, progress: bool) -> None:
        self._task, self._edited, self._progress = task, edited, progress

    @property
    def id(self) -> str:
        return self._task.id

    @property
    def state(self) -> str:
        """running, done, failed or cancelled."""
        return str(self._task.look()["state"])

    @property
    def rows(self) -> int:
        """How many there are by now."""
        return int(self._task.look()["rows"])

    @property
    def progress(self) -> float | None:
        """The share of its work that is done, where it is known."""
        fraction: float | None = self._task.look()["fraction"]
        return fraction

    def wait(self, seconds: float | None = None) -> Self:
        """Returns when it has ended, however it did, or after so many seconds."""
        until = None if seconds is None else time.monotonic() + seconds
        with watched(lambda: self._task.look()["fraction"], self._progress):
            self._task.wait(until)
        return self

    def cancel(self) -> None:
        """Stops it at its sources. Harmless when it has ended."""
        self._task.cancel()

    def result(self) -> Result:
        """Its rows, once; waits for its end.

        Raises:
            DatabaseError: it failed, was cancelled, or its rows are gone.
        """
        self.wait()
        with told_in(self._edited):
            return Result(self._task.rows(), None, None, progress=False)

    def arrow(self) -> pa.Table:
        """See `Result`; raises as `result` does."""
        return self.result().arrow()

    def df(self) -> Any:
        return self.result().df()

    def pl(self) -> Any:
        return self.result().pl()

    def reader(self) -> pa.RecordBatchReader:
        return self.result().reader()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return iter(self.result())

    @property
    def receipt(self) -> Json:
        """How it was answered; waits for its end.

        Raises:
            DatabaseError: it failed, or was cancelled. NotSupportedError: none is told of it.
        """
        self.wait()
        with told_in(self._edited):
            found = self._task.receipt()
        if found is None:
            raise NotSupportedError(Problem("no-receipt", f"There is no receipt of {self.id}."))
        return found

    def __repr__(self) -> str:
        return f"<Submitted {self.id}>"
