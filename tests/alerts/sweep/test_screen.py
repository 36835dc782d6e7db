"""The cheap first look, on arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Kind
from lapwing.alerts.online.constants import Tuning
from lapwing.alerts.sweep import screen as module
from lapwing.alerts.sweep.memory import Memory
from lapwing.alerts.sweep.screen import Screen
from lapwing.alerts.sweep.seen import Above, Seen

SLOTS = 7
Array = npt.NDArray[np.float32]


def counts(series: int, days: int, seed: int = 1, mean: float = 200.0) -> Array:
    random = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(days) / SLOTS)
    return random.poisson(mean * np.ones(series) * season[:, None]).astype(np.float32)


def run(amounts: Array, screen: Screen | None = None, above: tuple[Above, ...] = (), cut: int | None = None) -> Seen:
    """Screens days, in one go or in two."""
    screen = screen or Screen(kind=Kind.COUNT, tuning=Tuning(), least=20.0)
    memory = Memory.blank(amounts.shape[1], SLOTS, weighted=False)
    slots = np.arange(len(amounts)) % SLOTS
    parts = [slice(0, len(amounts))] if cut is None else [slice(0, cut), slice(cut, len(amounts))]
    seen = [
        screen.advance(
            memory,
            slots[part],
            amounts[part],
            above=[Above(each.rows, each.pattern[part], each.gain[part]) for each in above],
        ).later(part.start)
        for part in parts
    ]
    return Seen.joined(seen, amounts.shape[1])


def test_what_stands_out_is_seen_and_little_else() -> None:
    amounts = counts(500, 84)
    amounts[70, 3] *= 0.5
    amounts[71, 4] *= 1.5
    seen = run(amounts)
    large = {(int(at), int(row)): float(size) for at, row, size in zip(seen.bucket, seen.row, seen.size, strict=True)}
    assert large[70, 3] < -4
    assert large[71, 4] > 4
    assert len(large) < 0.03 * amounts.size
    assert (seen.watched[2:] == 500).all()


def test_what_builds_up_is_seen() -> None:
    amounts = counts(50, 84, seed=2)
    amounts[60:, 7] *= 0.8
    seen = run(amounts)
    mine = seen.size[(seen.row == 7) & (seen.bucket >= 60)]
    assert mine.min() < -4


def test_what_the_parent_went_through_is_no_news() -> None:
    child = counts(40, 84, seed=3)
    child[70] *= 0.5
    child[77, 5] *= 0.4
    parent = child.sum(1, keepdims=True)
    up = run(parent, Screen(kind=Kind.COUNT, tuning=Tuning(), least=20.0, parental=True))
    assert up.pattern is not None
    assert up.gain is not None
    alone, under = run(child), run(child, above=(Above(np.zeros(40, np.intp), up.pattern, up.gain),))
    assert (alone.bucket == 70).sum() == 40
    assert (under.bucket == 70).sum() == 0
    assert (77, 5) in set(zip(under.bucket.tolist(), under.row.tolist(), strict=True))


def test_what_a_small_slice_cannot_know_it_has_of_its_parent() -> None:
    """A strong week is not news of a slice of few events that has seen it three times."""
    random = np.random.default_rng(4)
    week = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.3])[np.arange(35) % SLOTS]
    child = random.poisson(30 * week[:, None] * np.ones(200)).astype(np.float32)
    up = run(child.sum(1, keepdims=True), Screen(kind=Kind.COUNT, tuning=Tuning(), least=20.0, parental=True))
    assert up.pattern is not None
    assert up.gain is not None
    under = run(child, above=(Above(np.zeros(200, np.intp), up.pattern, up.gain),))
    assert (np.abs(under.size) > 4).sum() <= 0.001 * child.size


def test_a_weekday_that_a_slice_hardly_knows_it_has_of_its_parent() -> None:
    """From the second bucket on: of the very first one no parent says anything."""
    week = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.3])[np.arange(21) % SLOTS]
    child = np.random.default_rng(4).poisson(30 * week[:, None] * np.ones(200)).astype(np.float32)
    screen = Screen(kind=Kind.COUNT, tuning=Tuning(), least=20.0, parental=True)
    up = run(child.sum(1, keepdims=True), screen)
    assert up.pattern is not None
    assert up.gain is not None
    alone, under = run(child, screen), run(child, screen, (Above(np.zeros(200, np.intp), up.pattern, up.gain),))

    def wrong(seen: Seen) -> float:
        assert seen.pattern is not None
        return float(np.abs(seen.pattern[SLOTS:] / (30 * week[SLOTS:, None]) - 1).mean())

    assert wrong(under) < 0.7 * wrong(alone)


def test_shares_by_their_denominators() -> None:
    random = np.random.default_rng(5)
    weights = random.poisson(np.array([50.0, 5000.0]) * np.ones((84, 1))).astype(np.float32)
    amounts = random.binomial(weights.astype(int), 0.9).astype(np.float32)
    amounts[70] = 0.85 * weights[70]
    memory = Memory.blank(2, SLOTS, weighted=True)
    screen = Screen(kind=Kind.SHARE, tuning=Tuning(), least=20.0)
    seen = screen.advance(memory, np.arange(84) % SLOTS, amounts, weights, weights)
    of_day = {
        int(row): float(size)
        for row, size in zip(seen.row[seen.bucket == 70], seen.size[seen.bucket == 70], strict=True)
    }
    assert set(of_day) == {1}
    assert of_day[1] < -6


def test_support_is_of_what_was_before() -> None:
    amounts = np.concatenate([counts(3, 56, mean=5.0), counts(3, 84, mean=200.0)])
    seen = run(amounts)
    assert seen.watched[:56].sum() == 0
    assert seen.watched[-1] == 3


@settings(max_examples=15)
@given(cut=st.integers(1, 83), seed=st.integers(0, 5))
def test_going_on_is_the_same_as_going_through(cut: int, seed: int) -> None:
    """To the last bit: what is remembered is all there is to know."""
    amounts = counts(20, 84, seed=seed)
    amounts[40] = np.nan
    one, two = run(amounts), run(amounts, cut=cut)
    for name in ("bucket", "row", "size", "watched"):
        order_one, order_two = np.lexsort((one.row, one.bucket)), np.lexsort((two.row, two.bucket))
        first, second = getattr(one, name), getattr(two, name)
        if name != "watched":
            first, second = first[order_one], second[order_two]
        np.testing.assert_array_equal(first, second)


def test_blocks_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = counts(100, 60, seed=6)
    amounts[50, 7] = 0
    one = run(amounts)
    monkeypatch.setattr(module, "BLOCK", 13)
    many = run(amounts, Screen(kind=Kind.COUNT, tuning=Tuning(), least=20.0, threads=2))
    order = np.lexsort((many.row, many.bucket))
    known = np.lexsort((one.row, one.bucket))
    for name in ("bucket", "row", "size"):
        np.testing.assert_array_equal(getattr(one, name)[known], getattr(many, name)[order])
    np.testing.assert_array_equal(one.watched, many.watched)


def test_no_slices() -> None:
    seen = run(np.zeros((10, 0), np.float32))
    assert len(seen.row) == 0
    assert seen.watched.tolist() == [0] * 10
