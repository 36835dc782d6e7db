"""A statement's time limit, which counts from its arrival: answering its metrics, planning and running it share it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from lapwing.model.problem import TimeLimit
from lapwing.query.ask import Wishes

UNFELT: Final = 0.05
"""Seconds that are not taken off, so that limits are told as they were asked."""


class Deadline:
    """`seconds` from when it is made."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._began = seconds, time.monotonic()

    def left(self) -> float:
        """Seconds.

        Raises:
            TimeLimit: there are none.
        """
        passed = time.monotonic() - self._began
        if passed >= self.seconds:
            says = f"The statement took longer than its {self.seconds:g} seconds and was stopped before it ran."
            raise TimeLimit.of("time-limit", says, hint="Ask in a simpler way, or raise the time limit.")
        return self.seconds if passed < UNFELT else max(0.001, round(self.seconds - passed, 3))

    def on(self, wishes: Wishes) -> Wishes:
        """The wishes with what is left. Raises as `left` does."""
        return replace(wishes, time_limit=self.left())
