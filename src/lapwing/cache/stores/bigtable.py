"""The rollup store on Google Cloud Bigtable: any number of machines read and write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Final

from lapwing.cache.keys import prefix_end
from lapwing.cache.stores import cell
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.stores.bigtable_errors import told
from lapwing.cache.stores.bigtable_table import FAMILY, QUALIFIER, ROWS, Address, open_table
from lapwing.cache.stores.limits import check_key, check_value, closed
from lapwing.cache.stores.outage import Outage

READ_SECONDS: Final = 10.0
WRITE_SECONDS: Final = 30.0

_GET_KEYS: Final = 256
"""Keys of one request: below Bigtable's 500 KB a request whatever their length, and enough to make one worth it."""
_PUT_BYTES: Final = 4 << 20
_PUT_ROWS: Final = 10_000
"""Of one request; Bigtable takes 100,000 mutations, and is quickest with a few megabytes."""
_AT_ONCE: Final = 8
_WRITES_AT_ONCE: Final = 4  # leaves room for reads beside a build
_PAGE_BYTES: Final = 4 << 20
_PAGE_ROWS: Final = 4_096
_FIRST_PAGE_ROWS: Final = 16


class BigtableStore(RollupStore):
    """A table of an instance; BIGTABLE_EMULATOR_HOST is honoured. `read_seconds` and `write_seconds` limit each request
    with all its retries.

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
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        self._address = str(address)
        self.shown = f"bigtable {address}"
        self._read_seconds, self._write_seconds = read_seconds, write_seconds
        self._outage = Outage()
        self._client, self._table = open_table(address, read_only=read_only, seconds=read_seconds)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bigtable")

    def put(self, rows: Iterable[tuple[bytes, bytes]]) -> None:
        self._held()
        self._write(_set_cells(rows))

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
        self._held()
        self._write((key, _delete_row()) for key in self._keys(prefix, prefix_end(prefix)))

    def compare_and_set(self, key: bytes, old: bytes | None, new: bytes | None) -> bool:
        from google.cloud.bigtable.data import row_filters

        check_key(key)
        self._held()
        change = _delete_row() if new is None else _set_cell(check_value(new))
        column: list[row_filters.RowFilter] = [
            row_filters.FamilyNameRegexFilter(FAMILY),
            row_filters.ColumnQualifierRegexFilter(QUALIFIER),
        ]
        if old is not None:
            known = cell.digest(old)
            column.append(row_filters.ValueRangeFilter(known, prefix_end(known), inclusive_end=False))
        # A row that should be absent must match nothing, and is then changed in the false case.
        with told(self._address):
            matched: bool = self._table.check_and_mutate_row(
                ROWS + key,
                row_filters.RowFilterChain(column),
                true_case_mutations=None if old is None else change,
                false_case_mutations=change if old is None else None,
                operation_timeout=self._read_seconds,
            )
        return matched is (old is not None)

    def close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            self._pool.shutdown(wait=False, cancel_futures=True)
            client.close()

    def _held(self) -> None:
        if self._client is None:
            raise closed()

    def _submit(self, work: Any, *given: Any) -> Future[Any]:
        try:
            return self._pool.submit(work, *given)
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
        """Keys and cells, in the order of the keys. Only reads heed an outage: they have sources to turn to."""
        with self._outage.watched(), told(self._address):
            rows = self._table.read_rows(
                query, operation_timeout=self._read_seconds, attempt_timeout=self._read_seconds / 2
            )
            return [(row.row_key[len(ROWS) :], row.cells[0].value) for row in rows]

    def _keys(self, start: bytes, end: bytes) -> Iterator[bytes]:
        while page := self._read_page(start, end, _PUT_ROWS, keys_only=True):
            yield from (key for key, _ in page)
            if len(page) < _PUT_ROWS:
                return
            start = page[-1][0] + b"\0"

    def _write(self, mutations: Iterable[tuple[bytes, Any]]) -> None:
        """Sends batches, some at once. Bigtable applies them in any order, so a key waits for its earlier mutation."""
        under_way: dict[Future[Any], frozenset[bytes]] = {}
        try:
            for batch in _batches(mutations):
                keys = frozenset(batch)
                while len(under_way) >= _WRITES_AT_ONCE or not all(map(keys.isdisjoint, under_way.values())):
                    _finish_some(under_way)
                under_way[self._submit(self._send, batch)] = keys
            while under_way:
                _finish_some(under_way)
        finally:
            wait(under_way)  # on an error, too: nothing is written after it was told

    def _send(self, batch: dict[bytes, Any]) -> None:
        from google.cloud.bigtable.data import RowMutationEntry

        with told(self._address):
            self._table.bulk_mutate_rows(
                [RowMutationEntry(ROWS + key, mutation) for key, mutation in batch.items()],
                operation_timeout=self._write_seconds,
                attempt_timeout=None,
            )


def _finish_some(under_way: dict[Future[Any], frozenset[bytes]]) -> None:
    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
        del under_way[future]
        future.result()


def _batches(mutations: Iterable[tuple[bytes, Any]]) -> Iterator[dict[bytes, Any]]:
    """Mutations by key, the last one of each, as many as one request takes."""
    batch: dict[bytes, Any] = {}
    size = 0
    for key, mutation in mutations:
        batch[key] = mutation
        size += len(key) + len(getattr(mutation, "new_value", b""))
        if size >= _PUT_BYTES or len(batch) >= _PUT_ROWS:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


def _set_cells(rows: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, Any]]:
    for key, value in rows:
        yield check_key(key), _set_cell(check_value(value))


def _set_cell(value: bytes) -> Any:
    from google.cloud.bigtable.data import SetCell

    return SetCell(FAMILY, QUALIFIER, cell.pack(value), timestamp_micros=0)


def _delete_row() -> Any:
    from google.cloud.bigtable.data import DeleteAllFromRow

    return DeleteAllFromRow()
