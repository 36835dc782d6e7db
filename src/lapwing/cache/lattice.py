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
CELLS_A_MILLISECOND: Final = 25_000
LEAST_SAVED: Final = CELLS_A_MILLISECOND
"""Below that nobody notices."""
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


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions as they were really asked: what each costs where no view answers it, and how often it came."""

    costs: Mapping[View, int]
    counts: Mapping[View, int]


def choose(
    kept: Iterable[View],
    questions: Sequence[View],
    candidates: Sequence[View],
    budget: int,
    asked: Asked | None = None,
) -> list[Chosen]:
    """The `candidates` worth keeping beside what is `kept`, of up to `budget` cells together. Every question has a view
    among the kept that answers it, or a cost in `asked`; where nobody knows what is asked, questions of few dimensions
    count for more, and what nobody would notice for nothing."""
    views = list(kept)
    chosen: list[Chosen] = []
    left = budget
    least = LEAST_SAVED if asked is None else 1
    while True:
        costs = {question: _cost(question, views, asked) for question in questions}
        best: tuple[float, Chosen] | None = None
        for view in candidates:
            if view.cells > left or view in views:
                continue
            saved = {
                question: costs[question] - view.cost
                for question in questions
                if view.answers(question) and costs[question] - view.cost >= least
            }
            if not saved:
                continue
            worth = sum(gain * _weight(question, asked) for question, gain in saved.items())
            most = max(saved, key=lambda question: (saved[question], -len(question.dimensions)))
            rate = worth / max(view.cost, 1)
            if best is None or rate > best[0]:
                best = rate, Chosen(view, costs[most], view.cost)
        if best is None:
            return chosen
        chosen.append(best[1])
        views.append(best[1].view)
        left -= best[1].view.cells


def needed(views: Sequence[View], questions: Sequence[View]) -> list[View]:
    """Those of `views` without which a question would find no answer, or one that takes noticeably longer; of several that do
    as well the larger ones, which do more."""
    left = list(views)
    for view in sorted(views, key=lambda one: one.cost):
        others = [other for other in left if other is not view]
        costs = [
            min((other.cost for other in others if other.answers(question)), default=None)
            for question in questions
            if view.answers(question)
        ]
        if all(cost is not None and cost - view.cost < LEAST_SAVED for cost in costs):
            left = others
    return left


def _cost(question: View, views: Sequence[View], asked: Asked | None) -> int:
    costs = [view.cost for view in views if view.answers(question)]
    return min(costs if asked is None else [*costs, asked.costs[question]])


def _weight(question: View, asked: Asked | None) -> float:
    return 1 / (1 + len(question.dimensions)) ** 2 if asked is None else asked.counts[question]


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
