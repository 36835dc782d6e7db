"""Finds the values of providers while a statement runs, and begins the reads that wait for them.

Every scan with keys has a thread that waits for its providers' rows, asks the engine for their values, and begins the read
with these as conditions. What goes wrong with values costs time only: the scan is then read without them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.model.problem import LapwingError
from lapwing.sources.base import Column, Source
from lapwing.sources.breakable import NAG
from lapwing.sources.quote import identifier
from lapwing.sources.types import arrow_type
from lapwing.sql.feed import NOTHING, Feed
from lapwing.sql.nodes import Condition, Key, Plan, Scan
from lapwing.sql.reduce.held import HeldFeed
from lapwing.sql.reduce.kept import Kept, in_memory

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

ROWS = "provider"
PRUNED = 0.7
"""Keys that leave more than this share of a lake's files, by their rows, are not told."""


class Reduction:
    """`feeds` by the ids of their scans; `cursor` gives a cursor of the engine that the statement runs in."""

    def __init__(
        self, plan: Plan, feeds: Mapping[str, Feed], sources: Mapping[str, Source], cursor: Callable[[], Cursor]
    ) -> None:
        self._scans = {scan.id: scan for scan in plan.scans}
        self._feeds, self._sources, self._cursor = feeds, sources, cursor
        self._kept: dict[str, Kept] = {}
        self._whole: dict[str, pa.Table] = {}
        self._left: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._asking: set[Cursor] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Begins all reads that the plan needs: those of providers are kept, those with keys wait for them."""
        used = {key: feed for key, feed in self._feeds.items() if self._scans[key].used}
        keyed = [self._scans[key] for key in used if self._scans[key].keys]
        kept = {key for key in used if self._scans[key].held}
        kept |= {found for scan in keyed for found in self._read(scan)}
        self._kept = {one: Kept(self._feeds[one]) for one in kept}
        for scan in keyed:
            thread = threading.Thread(target=self._begin, args=(scan,), name=f"keys of {scan.id}", daemon=True)
            self._threads.append(thread)
            thread.start()
        for key, feed in used.items():
            if not self._scans[key].keys:
                feed.begin(_own(feed.scan))

    def rows(self, scan: str) -> pa.Table | pa.RecordBatchReader | None:
        """The rows of a scan: all of them where they are kept anyway, or may be scanned again; else, and where that is too much
        for memory, a stream. None where the engine could not read them before the statement: what is wrong is for that to tell,
        if it comes to it."""
        if scan in self._whole:
            return self._whole[scan]
        table = self._kept[scan].table() if scan in self._kept else None
        if table is not None:
            return table
        if self._scans[scan].held and (scan in self._left or self._feeds[scan].error is not None):
            self._left.add(scan)
            self._feeds[scan].error = None
            return None
        reader = self._kept[scan].reader() if scan in self._kept else self._feeds[scan].reader()
        if not self._scans[scan].many:
            return reader
        rows = in_memory(reader)
        if isinstance(rows, pa.Table):
            self._whole[scan] = rows
        return rows

    def stop(self) -> None:
        """Breaks off what is asked of the engine, from any thread; again and again until it has ended."""
        with self._lock:
            self._stopped = True
            for cursor in self._asking:
                cursor.interrupt()

    def close(self) -> None:
        """Returns when nothing runs any more; the feeds must have been stopped, or have ended."""
        for thread in self._threads:
            while thread.is_alive():
                self.stop()
                thread.join(NAG)
        for kept in self._kept.values():
            kept.close()

    def _read(self, scan: Scan) -> Iterator[str]:
        """The feeds whose rows a scan's values are of; those of native scans are read when they are asked."""
        for key in scan.keys:
            if key.provider in self._feeds and not key.inside:
                yield key.provider
            else:
                yield from self._read(self._scans[key.provider])

    def _begin(self, scan: Scan) -> None:
        feed, conditions = self._feeds[scan.id], _own(scan)
        try:
            if isinstance(feed, HeldFeed):
                tables: dict[str, pa.Table] = {}
                conditions += self._nested(scan, tables)
                feed.tables = tables
            else:
                conditions += self._conditions(scan)
        finally:
            feed.begin(conditions)

    def _conditions(self, scan: Scan) -> list[str]:
        found = (self._condition(scan, key) for key in scan.keys)
        return [one for one in found if one is not None]

    def _condition(self, scan: Scan, key: Key) -> str | None:
        from lapwing.sql.capability import No
        from lapwing.sql.reduce.keys import found_inside, inside_condition, key_condition

        source = self._sources[scan.table.source]
        able = source.capabilities
        try:
            if not key.inside:
                values = self._values(key, able.keys)
                condition = None if values is None else key_condition(able, key.column, values)
                if condition is not None:
                    return condition if _saves(scan, source, condition) else None
            provider = self._scans[key.provider]
            if not key.inside and not found_inside(provider, key.provided, scan, self._sources):
                return None
            # More than were expected are found by the source itself, too, rather than all rows read.
            where = " AND ".join(f"({one})" for one in (provider.where, *self._conditions(provider)) if one)
            return inside_condition(able, key, source.placed(provider.table), where)
        except (LapwingError, No):
            return None

    def _values(self, key: Key, most: int) -> pa.Array | None:
        """The different values; None if they are more than `most`."""
        found = self._at_hand(key)
        if found is not None:
            return None if len(found) > most else found
        cursor = self._cursor()
        with self._lock:
            if self._stopped:
                cursor.close()
                return None
            self._asking.add(cursor)
        try:
            tables: dict[str, pa.Table] = {}
            asked = self._asked(key.provider, key.provided, key.column, tables)
            for name, table in tables.items():
                cursor.register(name, table)
            found = None if asked is None else cursor.table(f"{asked} LIMIT {most + 1}")
            return None if found is None or found.num_rows > most else found.column(0).combine_chunks()
        finally:
            with self._lock:
                self._asking.discard(cursor)
                cursor.close()

    def _at_hand(self, key: Key) -> pa.Array | None:
        """The values where they stand in rows that are kept, and no condition is left for the engine to look at: Arrow is
        done before the engine has begun."""
        scan = self._scans[key.provider]
        whole = scan.held or not (scan.native or scan.kept)
        if not whole or not _fits(arrow_type(key.provided.type), arrow_type(key.column.type)):
            return None
        rows = self._kept[key.provider].table()
        if rows is None:
            return None
        return pc.cast(pc.unique(rows.column(key.provided.name)).drop_null(), arrow_type(key.column.type))

    def _nested(self, scan: Scan, tables: dict[str, pa.Table]) -> list[str]:
        """The keys of a native scan as conditions for the engine, over `tables`."""
        found = ((key, self._asked(key.provider, key.provided, key.column, tables)) for key in scan.keys)
        return [f"{identifier(key.column.name)} IN ({asked})" for key, asked in found if asked is not None]

    def _asked(self, provider: str, provided: Column, column: Column, tables: dict[str, pa.Table]) -> str | None:
        """The engine's query for the values that `provider` has left, as the type of `column`; `tables` gets what it is over."""
        scan = self._scans[provider]
        if scan.native and not scan.held:
            relation = scan.sql
            where = [*_steady(scan.conditions), *self._nested(scan, tables)]
        else:
            rows = self._kept[provider].table()
            if rows is None:
                return None
            relation = f"{ROWS}_{provider}"
            tables[relation] = rows
            where = [] if scan.held else _steady(scan.kept)
        value = f"TRY_CAST({identifier(provided.name)} AS {column.type})"
        where.append(f"{value} IS NOT NULL")
        return f"SELECT DISTINCT {value} AS v FROM {relation} WHERE {' AND '.join(f'({one})' for one in where)}"


def _saves(scan: Scan, source: Source, condition: str) -> bool:
    """Whether files of a lake are left out, which no engine of its own does; rows alone are not worth it, as the engine's join
    drops them sooner."""
    if source.capabilities.statements or condition == NOTHING:
        return True
    before = source.most_rows(scan.table, scan.where) or 0
    with_it = " AND ".join(f"({one})" for one in (scan.where, condition) if one)
    left = source.most_rows(scan.table, with_it)
    return left is not None and left <= PRUNED * before


def _own(scan: Scan) -> list[str]:
    """The conditions of a native scan, which nobody else is told."""
    return [one.text for one in scan.conditions] if scan.native else []


def _steady(conditions: Iterable[Condition]) -> list[str]:
    """Without those that may be true of other rows when the statement asks them: values are then more, never fewer."""
    return [one.text for one in conditions if not one.passing]


def _fits(provided: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value of the one type is one of the other."""
    if pa.types.is_signed_integer(provided) and pa.types.is_signed_integer(wanted):
        return bool(provided.bit_width <= wanted.bit_width)
    return bool(provided == wanted) and (pa.types.is_string(wanted) or pa.types.is_date32(wanted))
