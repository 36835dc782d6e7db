"""The rows of an order in parts for many workers: parts of a table, where its source cuts it, else stretches of time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from lapwing.cache.builders.duckdb import DuckdbBuilder
from lapwing.cache.builders.reading import TIME_LIMIT, check, partitions_of
from lapwing.cache.distributed import Order, Shard, blocks
from lapwing.cache.home import Home
from lapwing.cache.state_sql import Buckets, state_sql
from lapwing.cache.stretch import numbered
from lapwing.sources.base import Split
from lapwing.sql.bound import BoundDataset
from lapwing.sql.rows import GIVEN_ROWS, over_given, rows_sql
from lapwing.sql.service import SqlService

_BLOCK_ROWS = 250_000
_PART_ROWS = 2_000_000
"""A part is in the memory of its worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one worker reads at once: rows of the partitions `first` to `last` of an order. `rows` are parts of the
    dataset's table; without any they are all rows with `start <= time < end` (UTC microseconds)."""

    first: int
    last: int
    start: int
    end: int
    rows: tuple[Split, ...] = ()


def parts_of(order: Order, sql: SqlService, at_least: int, text: str | None = None) -> list[Part]:
    """The parts of an order, if possible `at_least` so many. `text` is the statement whose columns are to be read, where it
    is not the one that makes the states."""
    cut = _of_table(order, sql, at_least, text)
    return _of_time(order, at_least) if cut is None else cut


def _of_table(order: Order, sql: SqlService, at_least: int, text: str | None) -> list[Part] | None:
    """Parts of the table that the dataset's rows are from; None where its source does not cut it."""
    bound, borders = order.finest.bound, order.borders
    dataset = bound.dataset
    if dataset.table is None:
        return None
    plan = sql.plan(text or _text(order, bound, 0, len(borders) - 2), whole=True)
    scan = next((one for one in plan.scans if one.alias == dataset.name), None)
    if scan is None or scan.limit is not None:
        return None
    source = sql.catalog.source(scan.table.source)
    time = (dataset.time.column, borders[0], borders[-1])
    found = source.splits(scan.table, scan.columns, where=scan.where, time=time)
    return None if found is None else [_part(order, splits) for splits in _together_read(found, at_least)]


def _together_read(splits: Sequence[Split], at_least: int) -> Iterator[tuple[Split, ...]]:
    """Adjacent splits that one worker reads: groups that are in all of them then travel once. No fewer than `at_least` come
    of many, none has many rows, and those of unknown size stay apart."""
    rows = sum(split.rows or 0 for split in splits)
    most = min(_PART_ROWS, -(-rows // at_least))
    waiting: list[Split] = []
    for split in splits:
        if waiting and (split.rows is None or sum(one.rows or 0 for one in waiting) + split.rows > most):
            yield tuple(waiting)
            waiting = []
        waiting.append(split)
        if split.rows is None:
            yield tuple(waiting)
            waiting = []
    if waiting:
        yield tuple(waiting)


def _part(order: Order, splits: tuple[Split, ...]) -> Part:
    borders = order.borders
    first, last = 0, len(borders) - 2
    times = [split.times for split in splits if split.times is not None]
    if len(times) == len(splits):
        ends = min(low for low, _ in times), max(high for _, high in times)
        first, last = (int(np.searchsorted(borders, at, side="right")) - 1 for at in ends)
        first, last = max(0, min(first, len(borders) - 2)), max(0, min(last, len(borders) - 2))
    return Part(first=first, last=last, start=borders[first], end=borders[last + 1], rows=splits)


def _of_time(order: Order, at_least: int) -> list[Part]:
    """Stretches of time: partitions together, where they are many, or in pieces."""
    borders = order.borders
    count = len(borders) - 1
    if count >= at_least:
        edges = np.unique(np.linspace(0, count, at_least + 1).round().astype(np.int64)).tolist()
        return [
            Part(first=low, last=high - 1, start=borders[low], end=borders[high])
            for low, high in itertools.pairwise(edges)
        ]
    pieces = -(-at_least // count)
    found: list[Part] = []
    for number, (start, end) in enumerate(itertools.pairwise(borders)):
        steps = (end - start) // order.finest.grain
        cuts = sorted({start + steps * i // pieces * order.finest.grain for i in range(pieces)} | {end})
        found += [Part(first=number, last=number, start=low, end=high) for low, high in itertools.pairwise(cuts)]
    return found


def rows_of(order: Order, part: Part, home: Home, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Reads these columns of the dataset's own rows of a part, as they are; some rows of a table's part may be of another
    time.

    Raises:
        SourceError: the source does not answer, or the rows are others than when the part was made.
        Cancelled: someone cancelled it.
    """
    home.check(order)
    check(home.cancel)
    if part.rows:
        for batch in _read(part, home):
            yield batch.select(list(columns))
        return
    text = rows_sql(order.finest.bound, columns, part.start, part.end)
    with home.sql.run(text, time_limit=TIME_LIMIT) as running:
        yield from running


def _read(part: Part, home: Home) -> Iterator[pa.RecordBatch]:
    source = home.sql.catalog.source(part.rows[0].source)
    for split in part.rows:
        yield from source.read_split(split, time_limit=TIME_LIMIT)


def blocks_of(order: Order, part: Part, home: Home) -> Iterator[tuple[Shard, bytes]]:
    """Reads a part and folds it; see `distributed.blocks`.

    Raises:
        SourceError: the source does not answer, or the rows are others than when the part was made.
        Cancelled: someone cancelled it.
    """
    home.check(order)
    check(home.cancel)
    for number, batches in numbered(_states(order, part, home), part.last - part.first + 1):
        yield from blocks(order, part.first + number, _together(batches))


def _states(order: Order, part: Part, home: Home) -> Iterator[tuple[int, pa.RecordBatch]]:
    if not part.rows:
        borders = [part.start, *order.borders[part.first + 1 : part.last + 1], part.end]
        return DuckdbBuilder(home.sql).batches(order.finest, borders, home.cancel)
    batches = list(_read(part, home))
    if not batches:
        return iter(())
    bound = over_given(order.finest.bound)
    rows = pa.Table.from_batches(batches)
    running = home.sql.run(_text(order, bound, part.first, part.last), given={GIVEN_ROWS: rows}, time_limit=TIME_LIMIT)
    return partitions_of(running, home.cancel)


def _together(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Few large batches in the place of many small ones: blocks are as large as they are."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _BLOCK_ROWS:
            yield _one(waiting)
            waiting, rows = [], 0
    if waiting:
        yield _one(waiting)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _text(order: Order, bound: BoundDataset, first: int, last: int) -> str:
    definition = order.finest
    borders = order.borders[first : last + 2]
    buckets = Buckets(borders[0], borders[-1], definition.grain)
    return state_sql(bound, definition.kept, definition.rollup.dimensions, buckets, partitions=borders)


def left_of(order: Order, first: int) -> Order:
    """The order without its partitions before `first`."""
    members = tuple(replace(one, versions=one.versions[first:]) for one in order.members)
    return replace(order, members=members, borders=order.borders[first:], marks=order.marks[first:])
