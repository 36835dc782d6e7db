"""HTTP: POST /api/sql, as lines of JSON."""

from __future__ import annotations

import orjson
import requests


class Client:
    """One connection, kept open."""

    def __init__(self, port: int) -> None:
        self._session, self._address = requests.Session(), f"http://127.0.0.1:{port}/api/sql"

    def trivial(self) -> None:
        self.rows("select 1")

    def rows(self, text: str) -> int:
        """Reads all rows of a statement; how many, as the last line tells."""
        last = b""
        with self._session.post(self._address, json={"text": text}, stream=True, timeout=600) as answer:
            answer.raise_for_status()
            for part in answer.iter_content(1 << 20):
                last = (last + part)[-65_536:]
        done = orjson.loads(last.splitlines()[-1])
        return int(done["rows"])

    def close(self) -> None:
        self._session.close()
