"""The contract of a builder: who computes the states of one partition of a rollup."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from lapwing.cache.definition import Definition


class Builder(Protocol):
    """Builds states from a dataset's source."""

    name: str

    def batches(
        self, definition: Definition, start: int, end: int, cancel: threading.Event
    ) -> Iterator[pa.RecordBatch]:
        """The states of the rows with `start <= time < end` (UTC microseconds): the rollup's dimensions, `$bucket`, and
        the state columns as `state_sql` names them; one row for each group and bucket that occurs, sorted by them.

        Raises:
            Cancelled: `cancel` was set.
            SourceError: the source does not answer.
        """
        ...
