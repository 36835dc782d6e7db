"""Chosen views keep the budget, each saves what it says, and what decides another dimension brings it along."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.cache.lattice import LEAST_SAVED, Asked, View, choose, closed, needed, subsets

NAMES = ("a", "b", "c")


@st.composite
def lattices(draw: st.DrawFn) -> dict[frozenset[str], int]:
    """Groups of each set of dimensions: no more than the product, no fewer than of a part."""
    values = {name: draw(st.integers(1, 300)) for name in NAMES}
    groups: dict[frozenset[str], int] = {}
    for some in subsets(NAMES):
        least = max((groups[part] for part in groups if part < some), default=1)
        most = 1
        for name in some:
            most *= values[name]
        groups[some] = draw(st.integers(min(least, most), max(least, most)))
    return groups


@settings(max_examples=200)
@given(lattices(), st.integers(0, 500_000), st.booleans())
def test_choice(groups: dict[frozenset[str], int], budget: int, declared: bool) -> None:
    views = [View(some, grain, keys, keys * 96 // grain) for some, keys in groups.items() for grain in (1, 4)]
    finest = next(view for view in views if view.dimensions == set(NAMES) and view.grain == 1)
    kept = [finest, *([next(view for view in views if not view.dimensions)] if declared else [])]
    chosen = choose(kept, views, views, budget)
    assert chosen == choose(kept, views, views, budget)
    assert sum(one.view.cells for one in chosen) <= budget
    assert len({one.view for one in chosen} | set(kept)) == len(chosen) + len(kept)
    for one in chosen:
        assert one.before - one.after >= LEAST_SAVED
    left = budget - sum(one.view.cells for one in chosen)
    everything = [*kept, *(one.view for one in chosen)]
    for view in views:  # nothing worth keeping was left out
        if view.cells <= left and view not in everything:
            for question in views:
                if view.answers(question):
                    cost = min(other.cost for other in everything if other.answers(question))
                    assert cost - view.cost < LEAST_SAVED


def test_what_a_dimension_decides_comes_along() -> None:
    sizes = {frozenset(some): count for some, count in [("", 1), ("c", 3), ("n", 3), ("cn", 3), ("o", 2), ("co", 6)]}
    sizes |= {frozenset("no"): 6, frozenset("cno"): 6}
    decided = closed(sizes)
    assert decided[frozenset("c")] == frozenset("cn")
    assert decided[frozenset("o")] == frozenset("o")
    assert decided[frozenset("co")] == frozenset("cno")
    assert decided[frozenset()] == frozenset()


def test_many_dimensions_are_taken_three_at_a_time() -> None:
    assert len(subsets("abcdefgh")) == 256
    assert len(subsets("abcdefghi")) == 1 + 9 + 36 + 84


def test_what_others_do_as_well_is_not_needed() -> None:
    fine, coarse = View(frozenset("ab"), 1, 100, 1_000), View(frozenset("a"), 1, 10, 100)
    apart, dear = View(frozenset("c"), 1, 10, 100), View(frozenset("ab"), 1, 10_000, 100_000)
    assert needed([coarse, fine, apart], [coarse, fine, apart]) == [fine, apart]
    assert needed([coarse, fine], [coarse]) == [fine]
    assert needed([coarse, dear], [coarse, fine]) == [coarse, dear]  # it would take noticeably longer


@settings(max_examples=100)
@given(lattices(), st.integers(1_000, 500_000), st.integers(0, 2**32))
def test_choice_of_what_was_asked(groups: dict[frozenset[str], int], budget: int, seed: int) -> None:
    chance = random.Random(seed)
    views = [View(some, 1, keys, keys * 96) for some, keys in groups.items()]
    questions = chance.sample(views, chance.randint(1, len(views)))
    asked = Asked({one: chance.randrange(1, 10**7) for one in questions}, dict.fromkeys(questions, 1))
    chosen = [one.view for one in choose((), questions, views, budget, asked)]
    assert sum(one.cells for one in chosen) <= budget
    kept = needed(chosen, questions)
    for question in questions:
        before, after = (
            min((one.cost for one in some if one.answers(question)), default=None) for some in (chosen, kept)
        )
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert before <= asked.costs[question]
            assert after - before < LEAST_SAVED * len(chosen)
