"""The Postgres wire door, by psycopg's C library: rows as text are counted without being made Python's."""

from __future__ import annotations

import psycopg

TRIVIAL = "select 1"


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._connection = psycopg.connect(f"host=127.0.0.1 port={port} dbname=doors", autocommit=True)

    def trivial(self) -> None:
        self._connection.execute(TRIVIAL).fetchone()

    def rows(self, text: str) -> int:
        """Reads all rows of a statement; how many."""
        result = self._connection.pgconn.exec_(text.encode())
        if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
            raise RuntimeError(result.error_message)
        return result.ntuples

    def close(self) -> None:
        self._connection.close()
