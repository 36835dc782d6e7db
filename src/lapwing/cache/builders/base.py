"""The contracts of builders: who computes the states of a rollup's partitions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol, runtime_checkable

import pyarrow as pa

from lapwing.cache.definition import Definition
from lapwing.cache.distributed import Order
from lapwing.cache.jobs import Jobs, Remote
from lapwing.cache.leftovers import Leftovers, remembered
from lapwing.cache.write import Written
from lapwing.model.problem import WrongUse

Tell = Callable[[str], None]
"""Is told how far a long job is, in a few words."""


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


class Detached(Exception):
    """What an order began elsewhere goes on there, and is left to; its versions stay reserved."""


@runtime_checkable
class WritingBuilder(Protocol):
    """A builder whose workers write what they built into the store by themselves, as `cache.distributed` says."""

    name: str

    def write(
        self, order: Order, cancel: threading.Event, tell: Tell
    ) -> Generator[tuple[int, tuple[Written, ...]], None, None]:
        """Builds, writes and verifies the partitions of an order. Each comes with its number and what was written for each
        member, partition after partition; from then on it may be published. Closed early, it stops its workers.

        Raises:
            Cancelled: `cancel` was set, and the workers are stopped.
            SourceError, StoreError: a worker could not go on, tried again or not; what came until then is whole.
        """
        ...

    def left(self, jobs: Jobs) -> Leftovers:
        """What lost builds began where this one's workers are, and goes on there: orders of it are followed, not begun."""
        ...

    def cancel(self, remote: Remote) -> None:
        """Stops such work where it runs; best effort."""
        ...


def check_detach(detach: bool, name: str) -> None:
    """Raises: WrongUse: a build by `name` can't be left to go on by itself."""
    if detach:
        says = f"A build by {name} ends with its process, so it can't be detached."
        raise WrongUse.of(
            "nothing-to-detach", says, hint="Leave --detach out, or use --builder beam --runner dataflow."
        )


class HereOnly:
    """A builder whose workers end with the process that ordered the work, or with its connection to them."""

    def left(self, jobs: Jobs) -> Leftovers:
        """As other builders: it goes on with nothing."""
        return remembered(jobs)

    def cancel(self, remote: Remote) -> None:
        """There is nothing to be stopped."""


AnyBuilder = Builder | WritingBuilder
