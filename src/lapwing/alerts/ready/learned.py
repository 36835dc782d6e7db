"""What is learned of datasets, kept in the state database: a row for each name, and the last to write is right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy.orm import Session

from lapwing.alerts.tables import LearnedRow

Begin = Callable[[], AbstractContextManager[Session]]


class Learned:
    """Every method is one transaction; safe to use from several threads and processes."""

    def __init__(self, reading: Begin, changing: Begin) -> None:
        self._reading = reading
        self._changing = changing

    def get(self, name: str) -> bytes | None:
        """What is kept by that name."""
        with self._reading() as session:
            row = session.get(LearnedRow, name)
            return None if row is None else row.data

    def put(self, name: str, at: int, data: bytes) -> None:
        """Keeps what was learned up to a moment (UTC microseconds), unless another process knows later ones."""
        with self._changing() as session:
            row = session.get(LearnedRow, name)
            if row is None or row.at <= at:
                session.merge(LearnedRow(name=name, at=at, data=data))
