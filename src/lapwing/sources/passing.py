"""What failed at a source and may work when it is asked again: nobody listens, too many connections, a server on its way
up or down, a deadlock. Each source says by its own codes which of its errors these are, never by the words of a message.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from lapwing.model.problem import LapwingError, Problem, SourceError


class Passing(SourceError):
    """`after`: not before so many seconds, as the source asked. `down`: nobody gets through, so that it counts for the
    source's circuit; else one statement was unlucky (a deadlock). `tried`: by the source's own client, as often as helps."""

    def __init__(self, *problems: Problem, after: float = 0.0, down: bool = True, tried: bool = False) -> None:
        super().__init__(*problems)
        self.after, self.down, self.tried = after, down, tried


def passing(error: LapwingError, *, after: float = 0.0, down: bool = True, tried: bool = False) -> Passing:
    """The same error, as one that may pass."""
    return Passing(*error.problems, after=after, down=down, tried=tried)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """At most `attempts`, with pauses in seconds of full jitter: any from 0 to `first`, doubled each time up to `most`.

    Full jitter keeps clients that failed together from coming back together (Brooker, Exponential Backoff And Jitter, 2015).
    """

    attempts: int = 5
    first: float = 0.1
    most: float = 5.0
    random: Callable[[], float] = random.random

    def tries(self, seconds: float | None) -> Tries:
        """For one read or question that may take `seconds`; None: as long as it likes."""
        return Tries(self, seconds)


class Tries:
    """The attempts at one thing, and the time left for them."""

    def __init__(self, backoff: Backoff, seconds: float | None) -> None:
        self._backoff = backoff
        self._begun = time.monotonic()
        self._seconds = seconds
        self.again = 0
        """How often it was tried again."""
        self.why: str | None = None
        """What went wrong the last time."""

    @property
    def left(self) -> float | None:
        """Seconds."""
        if self._seconds is None:
            return None
        return max(0.001, round(self._seconds - (time.monotonic() - self._begun), 3))

    def pause(self, error: Passing) -> float | None:
        """Seconds to wait before the next attempt; None if there is to be none."""
        backoff = self._backoff
        if error.tried or self.again + 1 >= backoff.attempts:
            return None
        pause = error.after + backoff.random() * min(backoff.most, backoff.first * 2.0**self.again)
        if self.left is not None and pause >= self.left:
            return None
        self.again += 1
        self.why = error.problems[0].message
        return pause

    def told(self, error: Passing) -> Passing:
        """The error, with how often it was met."""
        if not self.again:
            return error
        first, *others = error.problems
        seconds = time.monotonic() - self._begun
        says = f"{first.message} It was tried {self.again + 1} times in {seconds:.1f} s."
        return passing(Passing(replace(first, message=says), *others), after=error.after, down=error.down)
