"""The circuit of a source: who is down is not asked again and again, and those who wait for it fail at once.

Closed while the source answers. Open after `FAILURES` failures in a row that took `LEAST` seconds or more, so that a blip
met by many at once opens nothing. After `COOL` seconds it is half-open: one asks, and what that one meets closes it or
opens it again (Nygard, Release It!, 2007).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from lapwing.model.problem import Problem, Unavailable
from lapwing.sources.passing import Passing

FAILURES: Final = 5
LEAST: Final = 2.0
COOL: Final = 15.0

State = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitState:
    """`failures` in a row, the first at `since`, the last one's `problem`; `next` is when it is tried again, None while it
    is closed."""

    state: State
    failures: int = 0
    since: datetime | None = None
    next: datetime | None = None
    problem: Problem | None = None


class Circuit:
    """Of one source in this process. Safe to use from several threads. Each attempt begins with `enter` and ends with one of
    `succeeded`, `failed` and `left`."""

    def __init__(self, source: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._clock = source, clock
        self._failures = 0
        self._first = 0.0
        self._opened: float | None = None
        self._probed: float | None = None  # when the one that asks while half-open began
        self._problem: Problem | None = None
        self._lock = threading.Lock()

    def enter(self) -> None:
        """
        Raises:
            Unavailable: it is open, or another asks whether it may be closed.
        """
        with self._lock:
            if self._opened is None:
                return
            now = self._clock()
            # One that takes longer than the cool-down keeps nobody waiting: it may be a long statement.
            if now - self._opened < COOL or (self._probed is not None and now - self._probed < COOL):
                raise self._unavailable()
            self._probed = now

    def succeeded(self) -> None:
        """The source answered, if only by saying what is wrong with what it was asked."""
        with self._lock:
            self._failures, self._opened, self._probed, self._problem = 0, None, None, None

    def failed(self, error: Passing) -> None:
        """It did not."""
        if not error.down:
            self.succeeded()
            return
        with self._lock:
            now = self._clock()
            self._first = self._first if self._failures else now
            self._failures += 1
            self._problem = error.problems[0]
            if self._probed is not None or (self._failures >= FAILURES and now - self._first >= LEAST):
                self._opened, self._probed = now, None

    def left(self) -> None:
        """Nobody waited for what came of it."""
        with self._lock:
            self._probed = None

    @property
    def closed(self) -> bool:
        """Whether anyone may ask."""
        return self._opened is None

    def state(self) -> CircuitState:
        """How it stands now."""
        with self._lock:
            now = self._clock()
            if not self._failures:
                return CircuitState(state="closed")
            since = self._moment(self._first, now)
            if self._opened is None:
                return CircuitState(state="closed", failures=self._failures, since=since, problem=self._problem)
            state: State = "open" if now - self._opened < COOL else "half-open"
            then = self._moment(self._opened + COOL, now)
            return CircuitState(state=state, failures=self._failures, since=since, next=then, problem=self._problem)

    def _unavailable(self) -> Unavailable:
        assert self._opened is not None
        now = self._clock()
        since, then = self._moment(self._first, now), self._moment(max(now, self._opened + COOL), now)
        last = f" The last time: {self._problem.message}" if self._problem else ""
        return Unavailable(
            Problem(
                "circuit-open",
                f"{self._source} is not asked now, as it failed {self._failures} times in a row since {since:%H:%M:%S} UTC. "
                f"It is tried again at {then:%H:%M:%S} UTC.{last}",
                place=self._problem.place if self._problem else None,
                hint="Get the source to answer; what does not need it runs on.",
            )
        )

    def _moment(self, then: float, now: float) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=then - now)
