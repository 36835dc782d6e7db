"""Rows of a statement that one comes back to: on the shelf of kept results, under the name of its id, for an hour."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from lapwing.model.failing import OnError
from lapwing.model.problem import LapwingError, Refused
from lapwing.model.size import shown_size
from lapwing.query.results.entry import Entry, Facts, WriteOver, Writing
from lapwing.query.results.shelf import Shelf
from lapwing.sql.run import Running

KEEP: Final = 3600.0
"""Seconds for which the rows can be fetched, counted from when the statement ended."""
_NAME: Final = "statement-"


class Later:
    """Safe to use from several threads, and in several processes at once. `texts`: statements are written beside their rows."""

    def __init__(self, shelf: Shelf, *, texts: bool) -> None:
        self._shelf, self._texts = shelf, texts

    def check(self) -> None:
        """Makes room by rows whose time is over.

        Raises:
            Refused: no results are kept.
        """
        if not self._shelf.budget:
            says = "The project keeps no results, so rows could not be fetched later."
            raise Refused.of(
                "nothing-kept", says, hint="Give `results:` in lapwing.yaml a budget, or read the rows as they come."
            )
        for one in self._shelf.kept():
            name = one.path.stem
            facts = self._shelf.facts(name) if name.startswith(_NAME) else None
            if facts is not None and not _fresh(facts):
                with suppress(OSError):
                    one.path.unlink()

    def keep(self, running: Running, text: str, since: float, told: Callable[[int], None]) -> None:
        """Reads a statement that was begun at `since` (seconds of Unix time) to its end, keeping all its rows; `told` is called
        with how many there are by now.

        Raises:
            Refused: they are too large. LapwingError: the disk does not take them; or what happens while reading.
        """
        try:
            with running:
                writing = self._shelf.write(running.schema)
                with OnError(lambda _: writing.drop()):
                    self._write(running, text, since, told, writing)
        except WriteOver as error:
            says = f"The result is larger than {shown_size(self._shelf.largest)}, the most for one that is kept."
            hint = "Raise `results: {budget: ...}` in lapwing.yaml, of which one may take an eighth, or ask for less."
            raise Refused.of("result-too-large", says, hint=hint) from error
        except OSError as full:
            raise LapwingError.of(
                "not-kept", f"The disk did not take the rows: {full}.", hint="Make room on it."
            ) from full

    def _write(self, running: Running, text: str, since: float, told: Callable[[int], None], writing: Writing) -> None:
        rows, size = 0, 0
        for batch in running:
            writing.write(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            told(rows)
        facts = Facts(
            text=text if self._texts else "",
            since=since,
            versions=None,
            milliseconds=(time.time() - since) * 1e3,
            rows=rows,
            told_bytes=size,
        )
        self._shelf.put(_NAME + running.id, writing, facts)

    def get(self, query_id: str) -> Entry | None:
        """The rows, to be read once or closed; None where there are none, or no more."""
        return self._shelf.get(_NAME + query_id, _fresh)


def _fresh(facts: Facts) -> bool:
    return time.time() < facts.since + facts.milliseconds / 1e3 + KEEP
