"""A double of Bigtable's replication: two emulators stand for two clusters, and what was written in the first arrives in the
second when the test says so, row by row, in any order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from lapwing.cache.stores.bigtable_table import FAMILY, QUALIFIER, Address, admin_client, create_table, open_table

Rows = dict[bytes, bytes]


class Replica:
    """`first` and `second` are addresses of emulators. Keys are those of the table: with what they begin with there."""

    def __init__(self, first: str, second: str, address: Address) -> None:
        self.first, self.second = first, second
        self._address = address
        self._clients = ExitStack()
        with at(second):
            admin = admin_client()
            create_table(admin, address)  # a table is made in all clusters at once
            admin.transport.close()
        self._tables = [self._opened(server) for server in (first, second)]

    def _opened(self, server: str) -> Any:
        with at(server), mock.patch("lapwing.cache.stores.bigtable_table._check_format"):
            client, table = open_table(self._address, read_only=True)
        self._clients.callback(client.close)
        return table

    def rows(self) -> tuple[Rows, Rows]:
        """All cells of both clusters, by the keys of their rows."""
        first, second = ({row.row_key: row.cells[0].value for row in table.read_rows({})} for table in self._tables)
        return first, second

    def behind(self) -> list[bytes]:
        """The rows that the second cluster has not, or has as they were."""
        first, second = self.rows()
        return sorted(key for key in first.keys() | second.keys() if first.get(key) != second.get(key))

    def deliver(self, keys: Iterable[bytes]) -> None:
        """Makes these rows of the second cluster as they are in the first now, in this order."""
        from google.cloud.bigtable.data import DeleteAllFromRow, SetCell

        first = self.rows()[0]
        for key in keys:
            value = first.get(key)
            change = DeleteAllFromRow() if value is None else SetCell(FAMILY, QUALIFIER, value, timestamp_micros=0)
            self._tables[1].mutate_row(key, change)

    def close(self) -> None:
        self._clients.close()


@contextmanager
def at(server: str) -> Iterator[None]:
    """Clients made meanwhile speak to that emulator."""
    with mock.patch.dict(os.environ, {"BIGTABLE_EMULATOR_HOST": server}):
        yield
