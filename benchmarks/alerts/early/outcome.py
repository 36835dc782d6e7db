"""What became of the cases of one kind, and the plain threshold that warnings are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alerts.injected.panel import Floats

WARM_UP = 112
"""Days before which nothing counts."""
_THRESHOLD = 3.5
_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one kind of case: how many there were, how many were warned of, warnings that were wrong, and of each that was found
    how many days before the plain threshold (or the end) it was told."""

    cases: int
    found: int
    false: int
    leads: tuple[float, ...]
    seen: int
    """Cases that the threshold ever showed."""
    true: int | None = None
    """Warnings that were right, where that is not the same as cases found."""

    def figures(self) -> dict[str, float]:
        """As they are printed and written."""
        right = self.found if self.true is None else self.true
        return {
            "cases": self.cases,
            "precision": round(right / max(1, right + self.false), 3),
            "recall": round(self.found / max(1, self.cases), 3),
            "median lead, days": float(np.median(self.leads)) if self.leads else float("nan"),
            "told first": round(float(np.mean([lead > 0 for lead in self.leads])), 3) if self.leads else float("nan"),
            "seen by the threshold": round(self.seen / max(1, self.cases), 3),
        }


def threshold(amount: Floats, side: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(T,): days that a plain daily threshold shows, by the same weekdays of the weeks before."""
    out = np.zeros(len(amount), np.bool_)
    usual = np.full(len(amount), np.nan)
    for at in range(7 * _WEEKS, len(amount)):
        usual[at] = np.mean(amount[at - 7 * _WEEKS : at : 7])
    away = amount - usual
    for at in range(7 * _WEEKS + 28, len(amount)):
        size = 1.4826 * np.nanmedian(np.abs(away[at - 28 : at]))
        out[at] = side * away[at] > _THRESHOLD * size
    return out
