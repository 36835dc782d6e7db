"""Evidence of one among many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.budget import chance_of, score_of
from lapwing.alerts.many import among, needed


@given(score=st.floats(0.1, 20), many=st.floats(1, 1e6))
def test_chances_are_multiplied(score: float, many: float) -> None:
    """The same as by the chances that a budget counts with."""
    expected = score_of(min(1.0, chance_of(score) * many))
    assert among(np.array([score, -score]), many) == pytest.approx([expected, -expected], abs=1e-9)


@given(threshold=st.floats(3, 10), many=st.floats(1, 1e6))
def test_what_is_needed_is_just_enough(threshold: float, many: float) -> None:
    assert among(needed(threshold, np.array([many])), many) == pytest.approx([threshold])


def test_what_is_not_looked_at_or_explained_is_no_evidence() -> None:
    assert among(np.array([50.0, -50.0, np.nan]), np.array([np.inf, np.nan, 1.0])).tolist()[:2] == [0.0, -0.0]
    assert needed(3.75, np.array([np.inf, np.nan])).tolist() == [np.inf, np.inf]
