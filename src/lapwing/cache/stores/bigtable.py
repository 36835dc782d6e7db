"""The rollup store on Google Cloud Bigtable: any number of machines read and write."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final

from lapwing.cache.keys import prefix_end
from lapwing.cache.stores import cell
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.bigtable_errors import told
from lapwing.cache.stores.bigtable_profile import ProfileCheck
from lapwing.cache.stores.bigtable_retries import Retries
from lapwing.cache.stores.bigtable_table import FAMILY, QUALIFIER, ROWS, Address, open_table
from lapwing.cache.stores.bigtable_writes import Writer
from lapwing.cache.stores.limits import check_key, check_value, closed
from lapwing.cache.stores.outage import Outage
from lapwing.cache.stores.pace import Pace
from lapwing.cache.stores.waiting import waits
from lapwing.model.project import Reads, Writes

_GET_KEYS: Final = 256
"""Keys of one request: below Bigtable's 500 KB a request whatever their length, and enough to make one worth it."""
_AT_ONCE: Final = 8
_KEYS_PAGE: Final = 10_000
_PAGE_BYTES: Final = 4 << 20
_PAGE_ROWS: Final = 4_096
_FIRST_PAGE_ROWS: Final = 16


class BigtableStore(RollupStore):
    """A table of an instance; BIGTABLE_EMULATOR_HOST is honoured. `reads` and `writes` are its limits.

    A put is one mutation of each row, with a fixed timestamp: repeating it changes nothing. A scan is read page by page
    and sees rows as they are when their page is read. Nothing here but making the table needs the admin API:
    `delete_prefix` deletes row by row, because dropping a range needs an administrator, is rate limited, and waits for
    replication.

    Raises:
        StoreError: no library, no such instance, no permission, no answer in time, or a newer Lapwing wrote the table.
    """

    def __init__(
        self,
        address: Address,
        *,
        read_only: bool = False,
        reads: Reads | None = None,
        writes: Writes | None = None,
    ) -> None:
        self._address = str(address)
        self.shown = f"bigtable {address}"
        self._reads, self._writes = reads or Reads(), writes or Writes()
        self._outage = Outage()
        self._closing = threading.Event()
        self._check = ProfileCheck(address, self._reads.time_limit)
        pace = Pace()
        self._client, self._table = open_table(
            address,
            read_only=read_only,
            seconds=self._reads.time_limit,
            pace=pace if self._writes.flow_control else None,
            check=self._check,
        )
        self._writer = Writer(self._table, self._address, (self._reads, self._writes), pace, self._closing)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bigtable")

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        self._writable()
        self._writer.write(_set_cells(rows))

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        self._held()
        wanted = sorted(set(keys))
        parts = [wanted[at : at + _GET_KEYS] for at in range(0, len(wanted), _GET_KEYS)]
        found: dict[bytes, bytes] = {}
        # The first part is read here: most reads have no other.
        waiting = [self._submit(self._read_keys, part) for part in parts[1:]]
        try:
            for part in parts[:1]:
                found.update(self._read_keys(part))
            for future in waiting:
                found.update(future.result())
        finally:
            for future in waiting:
                future.cancel()
        return [found.get(key) for key in keys]

    def scan(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Rows of `[start, end)`. Between pages nothing is held: an iterator may be dropped at any time."""
        limit = _FIRST_PAGE_ROWS
        while start < end:
            page = self._read_page(start, end, limit)
            size = sum(len(value) for _, value in page)
            yield from ((key, cell.unpack(value)) for key, value in page)
            if len(page) < limit:
                return
            start = page[-1][0] + b"\0"
            limit = min(4 * limit, max(1, _PAGE_BYTES * len(page) // max(1, size)), _PAGE_ROWS)

    def delete_prefix(self, prefix: bytes) -> None:
        check_key(prefix)
        self._writable()
        self._writer.write((ROWS + key, _delete_row()) for key in self._keys(prefix, prefix_end(prefix)))

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        from google.api_core.exceptions import GoogleAPIError, TooManyRequests
        from google.cloud.bigtable.data import row_filters

        check_key(key)
        self._writable()
        change = _delete_row() if new is None else _set_cell(check_value(new))
        column: list[row_filters.RowFilter] = [
            row_filters.FamilyNameRegexFilter(FAMILY),
            row_filters.ColumnQualifierRegexFilter(QUALIFIER),
        ]
        if old is not None:
            known = cell.digest(old)
            column.append(row_filters.ValueRangeFilter(known, prefix_end(known), inclusive_end=False))
        retries = Retries(self._reads, self._writes, self._closing)
        doubt: Exception | None = None
        with told(self._address):
            while True:
                try:
                    # A row that should be absent must match nothing, and is then changed in the false case.
                    matched: bool = self._table.check_and_mutate_row(
                        ROWS + key,
                        row_filters.RowFilterChain(column),
                        true_case_mutations=None if old is None else change,
                        false_case_mutations=change if old is None else None,
                        operation_timeout=retries.seconds,
                    )
                except GoogleAPIError as error:
                    if not isinstance(error, TooManyRequests):  # that was surely not done
                        doubt = error
                    retries.wait(error)
                    continue
                if matched is (old is not None) or doubt is None:
                    return matched is (old is not None)
                # An attempt whose answer was lost may have set it; others may have gone on from there, which can't be told.
                if self.get([key])[0] != new:
                    raise doubt
                return True

    def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            self._closing.set()
            self._writer.close()
            self._pool.shutdown(wait=False, cancel_futures=True)
            client.close()

    def _held(self) -> None:
        if self._client is None:
            raise closed()

    def _writable(self) -> None:
        self._held()
        self._check()

    def _submit(self, work: Any, *given: Any) -> Future[Any]:
        try:
            return self._pool.submit(copy_context().run, work, *given)
        except RuntimeError:  # closed by another thread
            raise closed() from None

    def _read_keys(self, keys: list[bytes]) -> list[tuple[bytes, bytes]]:
        from google.cloud.bigtable.data import ReadRowsQuery

        query = ReadRowsQuery(row_keys=[ROWS + key for key in keys])
        return [(key, cell.unpack(value)) for key, value in self._read(query)]

    def _read_page(self, start: bytes, end: bytes, limit: int, *, keys_only: bool = False) -> list[tuple[bytes, bytes]]:
        from google.cloud.bigtable.data import ReadRowsQuery, RowRange, row_filters

        self._held()
        strip = row_filters.StripValueTransformerFilter(True) if keys_only else None
        span = RowRange(ROWS + start, ROWS + end)
        return self._read(ReadRowsQuery(row_ranges=[span], limit=limit, row_filter=strip))

    def _read(self, query: Any) -> list[tuple[bytes, bytes]]:
        """Keys and cells, in the order of the keys. Answers heed an outage: they have sources to turn to."""
        if waits() is not None:
            return self._patiently(query)
        with self._outage.watched(), told(self._address):
            return self._rows(query)

    def _patiently(self, query: Any) -> list[tuple[bytes, bytes]]:
        from google.api_core.exceptions import GoogleAPIError

        retries = Retries(self._reads, self._writes, self._closing)
        with told(self._address):
            while True:
                try:
                    return self._rows(query)
                except GoogleAPIError as error:
                    retries.wait(error)

    def _rows(self, query: Any) -> list[tuple[bytes, bytes]]:
        rows = self._table.read_rows(
            query, operation_timeout=self._reads.time_limit, attempt_timeout=self._reads.attempt
        )
        return [(row.row_key[len(ROWS) :], row.cells[0].value) for row in rows]

    def _keys(self, start: bytes, end: bytes) -> Iterator[bytes]:
        while page := self._read_page(start, end, _KEYS_PAGE, keys_only=True):
            yield from (key for key, _ in page)
            if len(page) < _KEYS_PAGE:
                return
            start = page[-1][0] + b"\0"


def _set_cells(rows: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, Any]]:
    for key, value in rows:
        yield ROWS + check_key(key), _set_cell(check_value(value))


def _set_cell(value: bytes) -> Any:
    from google.cloud.bigtable.data import SetCell

    return SetCell(FAMILY, QUALIFIER, cell.pack(value), timestamp_micros=0)


def _delete_row() -> Any:
    from google.cloud.bigtable.data import DeleteAllFromRow

    return DeleteAllFromRow()
