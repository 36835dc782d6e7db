"""Which coarser rollups are worth keeping beside a fine one.

Every set of dimensions that a question may name is a node of a lattice, and a rollup of more dimensions answers it, too, at
the cost of more keys. Rollups are taken greedily by what they save for their size (Harinarayan, Rajaraman and Ullman,
"Implementing data cubes efficiently", 1996) while a budget of cells lasts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

KEY_COST: Final = 60
"""What reading a key costs, in cells read: about 2.5 us against 40 ns."""
LEAST_SAVED: Final = 25_000
"""A millisecond, in cells read: below that nobody notices."""
_MOST_DIMENSIONS: Final = 8
"""Of a set, where the rollup has more."""

Dimensions = frozenset[str]


@dataclass(frozen=True, slots=True)
class View:
    """A rollup, real or thought of: its dimensions, its grain in microseconds, and the keys and cells it has."""

    dimensions: Dimensions
    grain: int
    keys: int
    cells: int

    @property
    def cost(self) -> int:
        """Of reading all of it."""
        return self.keys * KEY_COST + self.cells

    def answers(self, question: View) -> bool:
        return self.dimensions >= question.dimensions and question.grain % self.grain == 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """A view worth keeping. `before` and `after` are the costs of the question that gains most from it."""

    view: View
    before: int
    after: int


def choose(kept: Iterable[View], questions: Sequence[View], candidates: Sequence[View], budget: int) -> list[Chosen]:
    """The `candidates` worth keeping beside what is `kept`, of up to `budget` cells together. Every question has a view
    among the kept that answers it."""
    views = list(kept)
    chosen: list[Chosen] = []
    left = budget
    while True:
        costs = {question: min(view.cost for view in views if view.answers(question)) for question in questions}
        best: tuple[float, Chosen] | None = None
        for view in candidates:
            if view.cells > left or view in views:
                continue
            saved = {
                question: costs[question] - view.cost
                for question in questions
                if view.answers(question) and costs[question] - view.cost >= LEAST_SAVED
            }
            if not saved:
                continue
            # Few dimensions are asked for more often than many.
            worth = sum(gain / (1 + len(question.dimensions)) ** 2 for question, gain in saved.items())
            most = max(saved, key=lambda question: (saved[question], -len(question.dimensions)))
            rate = worth / max(view.cost, 1)
            if best is None or rate > best[0]:
                best = rate, Chosen(view, costs[most], view.cost)
        if best is None:
            return chosen
        chosen.append(best[1])
        views.append(best[1].view)
        left -= best[1].view.cells


def subsets(dimensions: Sequence[str]) -> list[Dimensions]:
    """The sets of dimensions that questions may name: all of them, or where these are too many those of up to three."""
    most = len(dimensions) if len(dimensions) <= _MOST_DIMENSIONS else 3
    return [frozenset(some) for size in range(most + 1) for some in itertools.combinations(dimensions, size)]


def closed(sizes: Mapping[Dimensions, int]) -> dict[Dimensions, Dimensions]:
    """For each set the largest one with as many groups: what a dimension decides (the airline of a carrier) comes along for
    nothing."""
    return {
        some: max((other for other in sizes if other >= some and sizes[other] == sizes[some]), key=len)
        for some in sizes
    }
