"""Where an outbreak began."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.outbreaks import began


def one_by_one(loud: list[bool], judged: list[int], quiet: int) -> list[int]:
    """The same, as one would tell it."""
    out, first, calm = list(range(len(loud))), 0, quiet
    for at in judged:
        if loud[at]:
            first, calm = (at if calm >= quiet else first), 0
        else:
            calm += 1
        out[at] = first if calm < quiet else at
    return out


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40), st.integers(1, 4))
def test_as_told_one_by_one(buckets: list[tuple[bool, bool]], quiet: int) -> None:
    loud = np.array([one and known for one, known in buckets], bool)
    judged = np.flatnonzero(np.array([known for _, known in buckets], bool))
    assert began(loud, judged, quiet).tolist() == one_by_one(loud.tolist(), judged.tolist(), quiet)
