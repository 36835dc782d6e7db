"""The Flight SQL door, by ADBC's driver: batches as they come, counted."""

from __future__ import annotations

import adbc_driver_flightsql.dbapi as adbc

TRIVIAL = "select 1"


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._connection = adbc.connect(f"grpc://127.0.0.1:{port}", autocommit=True)

    def trivial(self) -> None:
        self.rows(TRIVIAL)

    def rows(self, text: str) -> int:
        """Reads all rows of a statement; how many."""
        with self._connection.cursor() as cursor:
            cursor.execute(text)
            return sum(batch.num_rows for batch in cursor.fetch_record_batch())

    def close(self) -> None:
        self._connection.close()
