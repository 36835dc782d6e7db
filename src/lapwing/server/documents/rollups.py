"""What the rollups hold, how fresh they are, what they did, and what built them. Times are UTC ISO 8601."""

from __future__ import annotations

from typing import Literal

from lapwing.server.documents.base import Asked, Document, ProblemItem

PartitionState = Literal["fresh", "stale", "unknown", "following", "quarantined"]


class RollupDocument(Document):
    """`refused` says why it can't be kept as it is defined; `stale` that a build has something to do. `freshness` is its
    promise, such as 15 minutes; `as_of`: it has all that its source had at that moment; `late`: it is further behind than
    promised, by `late_by_seconds` where that is known."""

    name: str
    dataset: str
    grain: str
    dimensions: list[str]
    measures: list[str]
    partitions: int
    keys: int
    cells: int
    bytes: int
    built_at: str | None
    data_until: str | None
    stale: bool
    refused: str | None
    freshness: str | None
    as_of: str | None
    late: bool
    late_by_seconds: float | None


class PartitionStretch(Document):
    """Adjacent partitions in the same state. `unknown`: the source was not asked, or did not answer, whether it changed.
    `following`: folded from those of the rollup that it follows, and as good as they are. `says`: why they are in quarantine."""

    start: str
    end: str
    partitions: int
    state: PartitionState
    says: str | None


class RunDocument(Document):
    """A run over one rollup. `built`, `unchanged` and `emptied` count partitions, `causes` those built by why; `whole`: it
    looked at all of the rollup; `by` is host and process."""

    rollup: str
    why: Literal["asked", "due"]
    result: Literal["built", "unchanged", "failed", "cancelled"]
    began: str
    seconds: float
    whole: bool
    built: int
    unchanged: int
    emptied: int
    causes: dict[str, int]
    jobs: list[str]
    bytes_billed: int
    slot_ms: int
    cells: int
    bytes: int
    by: str
    problem: ProblemItem | None


class Runs(Document):
    """The latest first."""

    runs: list[RunDocument]


class RollupView(RollupDocument):
    """A rollup, or one that follows from another (`follows`, `says` what it is good for). `past_versions` are kept beside
    those that readers see. `answers` it had a part in since the server began, and the `bytes_saved` by them (null where the
    source does not say how large its table is). `due`: when it is looked at next. `arrives`: how
    its dataset's data usually does, such as "usually 99% after 3 h", where that was learned."""

    follows: str | None
    says: str | None
    arrives: str | None
    past_versions: int
    stretches: list[PartitionStretch]
    answers: int
    bytes_saved: int | None
    due: str | None
    last_run: RunDocument | None


class MissDocument(Document):
    """Questions about a dataset that no rollup had a part in, by the check that failed; `last` is what the last of them
    asked for."""

    dataset: str
    check: str
    says: str
    count: int
    last: str


class RollupsDocument(Document):
    """Everything about the cache. Counts are this server's, and begin with it (`since`): answers from rollups alone
    (`whole`), those that the source had a part in (`shared`), those from what
    an answer before left behind (`by_products`), the same answer given again within a second (`again`), and
    those that no rollup had a part in (`missed`).

    `bytes_saved` are bytes of sources not read: for each answer the size of the dataset's table, as its source states it,
    times the share of its time that rollups answered for. What the source would have left out by itself, such as
    columns, is not taken off."""

    since: str
    whole: int
    shared: int
    by_products: int
    again: int
    missed: int
    misses: list[MissDocument]
    bytes_saved: int | None
    keeps_promises: bool
    rollups: list[RollupView]


class RefreshBody(Asked):
    """`which`: a dataset, `dataset.rollup`; null: all."""

    which: str | None = None


class RefreshingDocument(Document):
    """A run under way over rollups of a dataset: `done` of `total` partitions, `rollup` the last one looked at, `note` whom it
    waits for. `cancelling`: it was asked to stop."""

    dataset: str
    rollups: list[str]
    why: Literal["asked", "due"]
    began: str
    done: int
    total: int | None
    rollup: str | None
    seconds_left: float | None
    note: str | None
    cancelling: bool


class RefreshDocument(Document):
    """What runs in this server. `keeps_promises`: what is due is built without being asked for."""

    keeps_promises: bool
    running: list[RefreshingDocument]
