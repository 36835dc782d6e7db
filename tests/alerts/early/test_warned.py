from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lapwing.alerts.early.warned import Warned, Wavering, raised


def kinds(warned: Warned) -> list[tuple[str, int]]:
    return [(step.kind, step.bucket) for step in warned.steps]


def test_it_is_told_when_it_stays_likely_and_over_when_it_stays_unlikely() -> None:
    chance = np.array([0.9, 0.2, 0.9, 0.9, 0.9, 0.4, 0.9, 0.4, 0.4, 0.4, 0.9])
    (found,) = raised(chance, np.full(11, -1.0), 0.8)
    assert kinds(found) == [("opened", 4), ("resolved", 9)]
    assert found.direction == -1


def test_what_is_sure_is_told_at_once() -> None:
    (found,) = raised(np.array([0.1, 1.0]), np.ones(2), 0.8)
    assert kinds(found) == [("opened", 1)]


def test_it_does_not_outlive_its_period_nor_begin_by_what_was_before() -> None:
    ends = np.array([False, False, False, True, False, False, False])
    found = raised(np.full(7, 0.9), np.ones(7), 0.8, ends)
    assert [kinds(one) for one in found] == [[("opened", 2), ("resolved", 3)], [("opened", 6)]]


def test_what_wavers_about_its_bound_is_one_warning_and_flaps_once() -> None:
    on, off = [0.9] * 3, [0.3] * 3
    chance = np.array([*(on + off) * 5, *off * 4, *on])
    rules = Wavering(rejoin=6, calm=12)
    one, other = raised(chance, np.ones(len(chance)), 0.8, rules=rules)
    starts, over = ([(kind, at) for at in range(first, 30, 6)] for kind, first in (("opened", 2), ("resolved", 5)))
    assert kinds(one) == sorted(starts + over, key=lambda step: step[1])
    assert one.openings[0] == one.opened
    assert kinds(other) == [("opened", len(chance) - 1)]
    (flaps,) = raised(chance[:-3], np.ones(len(chance) - 3), 0.8, rules=Wavering(rejoin=6, calm=14))
    assert [kind for kind, _ in kinds(flaps)] == ["opened", "resolved", "opened", "resolved", "flapping", "resolved"]


def test_half_as_far_again_is_told_again() -> None:
    size = np.array([1.0, 1.0, 1.0, 1.4, 1.6, 1.7, 2.5])
    (found,) = raised(np.full(7, 0.9), size, 0.8)
    assert kinds(found) == [("opened", 2), ("grew", 4), ("grew", 6)]


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=60), st.data())
def test_the_past_does_not_depend_on_what_comes(chances: list[float], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(chances)))
    chance, size = np.array(chances, float), np.ones(len(chances))
    rules = Wavering(
        stays=data.draw(st.integers(1, 3)), rejoin=data.draw(st.integers(0, 9)), calm=data.draw(st.integers(0, 9))
    )
    ends = None if data.draw(st.booleans()) else np.arange(len(chances)) % 13 == 12
    whole = [seen for one in raised(chance, size, 0.7, ends, rules) if (seen := one.until(cut))]
    part = raised(chance[:cut], size[:cut], 0.7, None if ends is None else ends[:cut], rules)
    assert [one.steps for one in whole] == [one.steps for one in part]
