"""What is remembered: kept and taken back bit for bit, and a pass that goes on from it is as good as one pass."""

from __future__ import annotations

import io
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lapwing.alerts.chance import Kind
from lapwing.alerts.detect import Detection, Setting, advance
from lapwing.alerts.online.effects import Effects
from lapwing.alerts.online.memory import Memory

DAYS = 70
SEASON = np.stack([np.arange(DAYS) % 7, np.zeros(DAYS, np.int64)])
EFFECTS = Effects(
    names=("holiday", "Fair", "day 1"),
    active=np.stack([np.where(np.arange(DAYS) % 20 == 15, 1, -1), np.where(np.arange(DAYS) % 30 == 0, 2, -1)]),
    family=np.array([-1, 0, -1]),
    prior=np.ones(3),
    doubt=np.array([0.3, 0.3, 0.0]),
)


def same(one: Memory, other: Memory) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=True) for f in fields(Memory))


@settings(max_examples=30)
@given(kind=st.sampled_from(list(Kind)), seed=st.integers(0, 1000), cuts=st.sets(st.integers(1, DAYS - 1), max_size=4))
def test_resumed_is_replayed(kind: Kind, seed: int, cuts: set[int]) -> None:
    """However a history is cut, with what is remembered packed in between, the outputs are those of one pass."""
    random = np.random.default_rng(seed)
    values = random.gamma(1.0, 20.0, (3, DAYS)).round()
    exposure = values + random.poisson(30, values.shape) if kind is Kind.SHARE else None
    shown = values if exposure is None else values / np.maximum(exposure, 1)
    shown[:, random.random(DAYS) < 0.05] = np.nan
    setting = Setting(kind=kind, parent=np.array([2, 2, -1]), effects=EFFECTS)

    def part(memory: Memory, first: int, last: int) -> Detection:
        here = Effects(
            names=EFFECTS.names,
            active=EFFECTS.active[:, first:last],
            family=EFFECTS.family,
            prior=EFFECTS.prior,
            doubt=EFFECTS.doubt,
        )
        under = None if exposure is None else exposure[:, first:last]
        chosen = Setting(kind=kind, parent=setting.parent, effects=here)
        return advance(memory, shown[:, first:last], SEASON[:, first:last], chosen, under)[0]

    names = ("expected", "lower", "upper", "score", "ready")
    memory = Memory.blank(3, 2, 7, 3)
    whole, kept = advance(memory, shown, SEASON, setting, exposure, keep=cuts)
    now, pieces, borders = Memory.blank(3, 2, 7, 3), [], [0, *sorted(cuts), DAYS]
    for first, last in pairwise(borders):
        assert first == 0 or same(kept[first], now)
        now = Memory.unpack(now.pack())
        pieces.append(part(now, first, last))
    assert same(now, memory)
    for name in names:
        together = np.concatenate([getattr(piece, name) for piece in pieces], axis=1)
        np.testing.assert_array_equal(together, getattr(whole, name))


def test_series_that_come_and_go() -> None:
    values = np.random.default_rng(0).poisson(20, (3, DAYS)).astype(float)
    memory = Memory.blank(3, 2, 7)
    advance(memory, values, SEASON, Setting(kind=Kind.COUNT))
    grown = memory.grown(series=np.array([2, -1, 0]), slots=9, effects=4)
    assert grown.sums.shape == (3, 2, 9, 3)
    assert grown.effects.shape == (4, 4, 3)
    np.testing.assert_array_equal(grown.sums[:, :, :7, [0, 2]], memory.sums[..., [2, 0]])
    assert grown.judged.tolist() == [memory.judged[2], 0.0, memory.judged[0]]
    assert np.isnan(grown.first[:, 1]).all()


def test_what_is_no_memory_is_refused() -> None:
    out = io.BytesIO()
    np.savez(out, sums=np.zeros(3))
    with pytest.raises(ValueError, match="no memory"):
        Memory.unpack(out.getvalue())
