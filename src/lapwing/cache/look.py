"""One look at a slice of a partition: what is kept of it, and what the source says, as of the same moment.

The source's mark says whether it is the same moment. It is compared with the partition's before anything is read, and asked
again before a difference is believed; then the source is read once more, too, as a mark may miss what happens within a
clock's tick. So a source that changes is never blamed, nor what is kept for it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lapwing.cache.compare import Compared, compare
from lapwing.cache.damage import put_aside
from lapwing.cache.definition import Definition
from lapwing.cache.direct import read_source
from lapwing.cache.fold import fold
from lapwing.cache.following import mark_of
from lapwing.cache.frame import StateFrame
from lapwing.cache.ledger import Ledger
from lapwing.cache.marks import Marks
from lapwing.cache.partition import Partition
from lapwing.cache.read import Reader
from lapwing.cache.request import StateRequest
from lapwing.cache.slab import LEAST_ROWS
from lapwing.cache.slice import Slice
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.truth import Engine
from lapwing.model.problem import Cancelled, LapwingError, StoreError, TimeLimit
from lapwing.sql.service import SqlService

Frames = list[tuple[StateRequest, StateFrame]]

_SENSELESS = (IndexError, ValueError, OverflowError)
"""What numpy says of a state whose sizes are not those of its entries, say."""


class Outcome(StrEnum):
    """What a look found."""

    EQUAL = "equal"
    """Every state is the source's."""
    DIFFERENT = "different"
    """Some are not, though the source is as it was when they were built."""
    DAMAGED = "damaged"
    """What is kept can't be read; it is in quarantine."""
    STALE = "stale"
    """The source has changed since they were built: nothing to compare with."""
    CHANGED = "changed"
    """The source, or what is kept, changed meanwhile."""
    SLOW = "slow"
    """The source did not answer within the time there was."""
    UNANSWERED = "unanswered"
    """The source does not answer, or refuses to."""

    @property
    def wrong(self) -> bool:
        """Whether what is kept is to blame."""
        return self in (Outcome.DIFFERENT, Outcome.DAMAGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`seconds` it took; `cells` compared on either side; `says` why it is not equal."""

    rollup: str
    partition: Partition
    slice: Slice
    outcome: Outcome
    seconds: float
    compared: Compared | None = None
    says: str = ""

    @property
    def cells(self) -> int:
        return self.compared.cells if self.compared else 0


class Looker:
    """Looks at rollups of one store. Reads it anew for each look, as any process would that just began."""

    def __init__(self, sql: SqlService, store: RollupStore, engine: Engine, cancel: threading.Event) -> None:
        self._sql = sql
        self._store = store
        self._engine = engine
        self._cancel = cancel

    def look(self, definition: Definition, partition: Partition, part: Slice, time_limit: float) -> Look:
        """Compares; nothing is changed but for what is damaged, which is put in quarantine as when it is met by a read.

        Raises:
            Cancelled: it was wished so.
            StoreError: the store can't be read at all.
        """
        began = time.monotonic()
        try:
            outcome, compared, says = self._look(definition, partition, part, began + time_limit)
        except TimeLimit as error:
            outcome, compared, says = Outcome.SLOW, None, error.problems[0].message
        except (Cancelled, StoreError):
            raise
        except LapwingError as error:
            outcome, compared, says = Outcome.UNANSWERED, None, error.problems[0].message
        return Look(
            rollup=definition.name,
            partition=partition,
            slice=part,
            outcome=outcome,
            seconds=time.monotonic() - began,
            compared=compared,
            says=says,
        )

    def _look(
        self, definition: Definition, partition: Partition, part: Slice, until: float
    ) -> tuple[Outcome, Compared | None, str]:
        mark = self._built_from(definition, partition)
        if mark is None:
            return Outcome.STALE, None, "It does not follow any more from the rollup that it is folded from."
        if Marks(self._sql).mark(definition.bound, partition.start, partition.end) != mark:
            return Outcome.STALE, None, "Its source has changed since it was built."
        try:
            kept = self._kept(definition, partition, part)
        except StoreError as error:
            return self._unread(definition, partition, error)
        source = self._source(definition, partition, part, until)
        compared = _compared(definition, kept, source)
        if compared is not None and not compared.differing:
            return Outcome.EQUAL, compared, ""
        if not self._is_published(definition, partition):
            return Outcome.CHANGED, None, "It was replaced meanwhile."
        again = self._source(definition, partition, part, until)
        if Marks(self._sql).mark(definition.bound, partition.start, partition.end) != mark:
            return Outcome.CHANGED, None, "Its source changed meanwhile."
        steady = _compared(definition, source, again)
        if steady is None or steady.differing:
            return Outcome.CHANGED, None, "Its source gives another answer each time."
        return Outcome.DIFFERENT, compared, ""

    def _built_from(self, definition: Definition, partition: Partition) -> str | None:
        """The mark of the source that the partition is of; None where an ancestor has parted from its rollup."""
        if definition.follows is None:
            return partition.mark
        finest = Ledger.of(self._store, definition.follows).read().partition(partition.start)
        if finest is None or finest.quarantined or partition.mark != mark_of(definition.follows.hash, finest):
            return None
        return finest.mark

    def _kept(self, definition: Definition, partition: Partition, part: Slice) -> Frames | None:
        """The cells; and where the slice is all of the partition's time, their totals, which are kept beside them. None where
        the numbers read make no sense together."""
        reader = Reader(self._store, self._engine)
        states = dict(definition.states)
        try:
            return [
                (request, reader.read(definition, (partition,), request, states).frame)
                for request in _requests(definition, partition, part)
            ]
        except _SENSELESS:
            return None

    def _source(self, definition: Definition, partition: Partition, part: Slice, until: float) -> Frames:
        first, *totals = _requests(definition, partition, part)
        frame, _ = read_source(self._sql, first, max(0.1, until - time.monotonic()), self._cancel)
        return [(first, frame), *((request, _total(definition, frame)) for request in totals)]

    def _unread(
        self, definition: Definition, partition: Partition, error: LapwingError
    ) -> tuple[Outcome, Compared | None, str]:
        problem = error.problems[0]
        if problem.code not in ("version-gone", "store-damaged"):
            raise error
        if put_aside(self._store, definition, [partition]) and self._is_quarantined(definition, partition):
            return Outcome.DAMAGED, None, problem.message
        return Outcome.CHANGED, None, "It was replaced meanwhile."

    def _is_published(self, definition: Definition, partition: Partition) -> bool:
        now = Ledger.of(self._store, definition).read().partition(partition.start)
        return now is not None and now.version == partition.version and now.quarantined is None

    def _is_quarantined(self, definition: Definition, partition: Partition) -> bool:
        now = Ledger.of(self._store, definition).read().partition(partition.start)
        return now is not None and now.version == partition.version and now.quarantined is not None


def _compared(definition: Definition, one: Frames | None, other: Frames) -> Compared | None:
    """The first comparison that fails, or that of the cells; None where the numbers make no sense together."""
    if one is None:
        return None
    try:
        found = [
            compare(request, definition.states, kept, source)
            for (request, kept), (_, source) in zip(one, other, strict=True)
        ]
    except _SENSELESS:
        return None
    return next((compared for compared in found if compared.differing), found[0])


def _requests(definition: Definition, partition: Partition, part: Slice) -> list[StateRequest]:
    """What is asked of both sides: the cells, and their totals where these are kept apart."""
    cells = part.request(definition)
    if partition.keys < LEAST_ROWS or (part.start, part.end) != (partition.start, partition.end):
        return [cells]
    edges = np.array([part.start, part.end], np.int64)
    total = StateRequest(bound=cells.bound, measures=cells.measures, by=cells.by, where=cells.where, edges=edges)
    return [cells, total]


def _total(definition: Definition, frame: StateFrame) -> StateFrame:
    """All buckets in one."""
    group, bucket = frame.group.astype(np.int64), np.zeros(len(frame.bucket), np.int64)
    folded = fold(group, bucket, frame.states, definition.states, 1)
    return StateFrame(groups=frame.groups, group=folded.group, bucket=folded.bucket, states=folded.states)
