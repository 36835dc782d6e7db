"""The contract of a builder: who computes the states of a rollup's partitions."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from lapwing.cache.definition import Definition


class Builder(Protocol):
    """Builds states from a dataset's source."""

    name: str

    def batches(
        self, definition: Definition, borders: Sequence[int], cancel: threading.Event
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        """The states of adjacent partitions: partition i has the rows with `borders[i] <= time < borders[i + 1]` (UTC
        microseconds). Batches come with the number of their partition, partition after partition; one without rows has
        none. A batch has the rollup's dimensions, `$bucket`, and the state columns as `state_sql` names them; one row for
        each group and bucket that occurs, sorted by them.

        Raises:
            Cancelled: `cancel` was set.
            SourceError: the source does not answer.
        """
        ...
