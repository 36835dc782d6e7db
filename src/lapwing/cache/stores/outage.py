"""A store that does not answer, remembered for a while: one reader waits for it, the others are told at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lapwing.model.problem import StoreError

_MOST_SECONDS: Final = 30.0


class Outage:
    """It is tried again after twice the time that it took to find out, 30 s at most. Where it answered others meanwhile,
    there was no outage: that one read was too slow by itself. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: tuple[float, StoreError] | None = None
        self._answered = float("-inf")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A use of the store.

        Raises:
            StoreError: what the use raised ("store-unreachable" is remembered); or the same as a moment ago.
        """
        known = self._known
        began = time.monotonic()
        if known is not None and began < known[0]:
            raise StoreError(*known[1].problems)
        try:
            yield
        except StoreError as error:
            now = time.monotonic()
            if error.problems[0].code == "store-unreachable" and self._answered <= began:
                self._known = (now + min(_MOST_SECONDS, 2 * (now - began)), error)
            raise
        self._answered = time.monotonic()
        self._known = None
