"""How much room a set of rollups takes in a store, how that grows, and how many nodes of Bigtable would serve it."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.cells import whole_groups
from lapwing.cache.definition import Definition, define
from lapwing.cache.write import write_version
from lapwing.model.calendar import DAY
from lapwing.model.problem import LapwingError
from lapwing.query.advise.sizes import Sizes

if TYPE_CHECKING:
    from lapwing.cache.status import RollupStatus
    from lapwing.query.service import Lapwing

MONTH: Final = 30 * DAY
REQUESTS: Final = 3
"""Of an answer: two small ones for manifests, one for chunks."""
NODE_READS: Final = 17_000
"""Rows of 1 kB that a node of Bigtable reads from SSD in a second, as Google documents it in November 2026."""
NODE_BYTES: Final = 5 * 10**12
"""Bytes of SSD for each node, likewise."""
USED: Final = 0.6
"""How much of that is planned with: Google advises to keep CPU and storage below 60 to 70 %."""
_TRIED: Final = 7 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Of one rollup, its ancestors included where it is built: rows of the store, cells, bytes, and bytes that a month of
    data adds. `measured`: as it is; else counted at the source and reckoned, as `says` tells."""

    rollup: str
    rows: int
    cells: int
    bytes: int
    monthly: int
    measured: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """Nodes of Bigtable (one cluster) for bytes kept and for answers a second, and the larger of both."""

    storage: int
    reading: int

    @property
    def wanted(self) -> int:
        return max(self.storage, self.reading)


class _Nowhere:
    """A store that keeps nothing."""

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        for _ in rows:
            pass


def footprints(lapwing: Lapwing, which: str | None, time_limit: float) -> tuple[list[Footprint], list[str]]:
    """Of the rollups called `which` (None: all), and what could not be told, in words.

    Raises:
        NotFound: no rollup of that name.
    """
    from lapwing.cache.chosen import chosen

    status = lapwing.cache.status(check=False)
    found: list[Footprint] = []
    left: list[str] = []
    for dataset, rollups in chosen(lapwing.project, which).items():
        for rollup in rollups:
            name = f"{dataset}.{rollup.name}"
            own = [one for one in status if name in (one.name, one.follows)]
            if own and own[0].bytes:
                found.append(_measured(name, own))
                continue
            try:
                bound = lapwing.cache.bound(dataset)
                definition = define(bound, rollup, lapwing.project.timezone)
                span = lapwing.cache.span(dataset)
                if span is None:
                    left.append(f"{name}: its source has no rows.")
                    continue
                found.append(_reckoned(lapwing, definition, Sizes.of(bound, span), time_limit))
            except LapwingError as error:
                left.append(f"{name}: {error.problems[0].message}")
    return found, left


def _measured(name: str, own: Sequence[RollupStatus]) -> Footprint:
    size = sum(one.bytes for one in own)
    start, end = own[0].data_start, own[0].data_end
    months = max((end - start) / MONTH, 1 / 30) if start is not None and end is not None and end > start else 1.0
    ancestors = f", {len(own) - 1} ancestors included" if len(own) > 1 else ""
    return Footprint(
        rollup=name,
        rows=sum(one.keys for one in own),
        cells=sum(one.cells for one in own),
        bytes=size,
        monthly=round(size / months),
        measured=True,
        says=f"as it is built{ancestors}",
    )


def _reckoned(lapwing: Lapwing, definition: Definition, sizes: Sizes, time_limit: float) -> Footprint:
    """By counts at the source; what a cell takes is tried with the last week."""
    view = sizes.view(lapwing.sql, frozenset(definition.rollup.dimensions), definition.grain, time_limit)
    end = -(-sizes.end // definition.grain) * definition.grain
    start = max(sizes.start, sizes.end - _TRIED) // definition.grain * definition.grain
    rows = DuckdbBuilder(lapwing.sql).batches(definition, (start, end), threading.Event())
    tried = write_version(_Nowhere(), definition, 1, start, whole_groups(definition, (batch for _, batch in rows)))
    size = round(view.cells * tried.bytes / max(tried.cells, 1))
    months = max((sizes.span[1] - sizes.span[0]) / MONTH, 1 / 30)
    return Footprint(
        rollup=definition.name,
        rows=view.keys,
        cells=view.cells,
        bytes=size,
        monthly=round(size / months),
        measured=False,
        says=f"{sizes.says}, {size / max(view.cells, 1):.0f} bytes a cell as in the last week; without ancestors",
    )


def nodes_for(size: int, answers: float, rows: float) -> Nodes:
    """For so many bytes and answers a second, each of which reads so many rows."""
    reads = answers * (REQUESTS + rows)
    return Nodes(
        storage=max(1, math.ceil(size / (NODE_BYTES * USED))), reading=max(1, math.ceil(reads / (NODE_READS * USED)))
    )


def lines(found: Sequence[Footprint], nodes: Nodes, answers: float, rows: float, months: float) -> Iterator[str]:
    """The total in words, with all that was assumed."""
    from lapwing.model.size import shown_size

    size, monthly = sum(one.bytes for one in found), sum(one.monthly for one in found)
    later = round(size + months * monthly)
    yield f"{shown_size(size)} now, {shown_size(monthly)} more each month of data; {shown_size(later)} in {months:g} months."
    yield (
        f"Bigtable: {nodes.wanted} {'node' if nodes.wanted == 1 else 'nodes'} a cluster"
        f" ({nodes.storage} for storage, {nodes.reading} for reading)."
    )
    yield (
        f"Assumed: {answers:g} answers a second of {REQUESTS} requests and {rows:g} rows; {NODE_READS:,} rows a second and"
        f" {shown_size(NODE_BYTES)} of SSD a node, used to {USED:.0%}; one cluster; versions kept by `history` are on top."
    )
