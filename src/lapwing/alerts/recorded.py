"""Incidents of a kind of their own, under names that begin alike; read anew only where something was written since."""

from __future__ import annotations

from lapwing.alerts.journal import Journal
from lapwing.alerts.record import Record


class Recorded:
    """Of the names that begin with `prefix`. For one thread at a time."""

    def __init__(self, journal: Journal, prefix: str) -> None:
        self._journal, self._prefix = journal, prefix
        self._read: tuple[int, tuple[Record, ...]] | None = None

    def records(self) -> tuple[Record, ...]:
        """All of them, in order of their ids."""
        pulse = self._journal.pulse()
        if self._read is None or self._read[0] != pulse:
            self._read = pulse, self._journal.under(self._prefix)
        return self._read[1]
