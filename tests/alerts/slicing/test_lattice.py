"""The evidence of every slice is the sum of its leaves', however it is summed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lapwing.alerts.slicing.constants import DEEPEN
from lapwing.alerts.slicing.lattice import Lattice
from lapwing.alerts.slicing.leaves import inside


@pytest.mark.parametrize("sizes", [(3, 2), (5, 4, 3), (4, 3, 2, 5), (40, 30, 3), (6, 1, 4)])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_all_slices(sizes: tuple[int, ...], share: float) -> None:
    """`share` of the leaves are there; of few leaves some combinations have more slices than leaves."""
    random = np.random.default_rng(len(sizes))
    codes = np.array(np.unravel_index(np.arange(int(np.prod(sizes))), sizes))
    codes = codes[:, random.random(codes.shape[1]) < share]
    codes = np.stack([np.unique(code, return_inverse=True)[1] for code in codes])
    nats = random.normal(0, 3, (codes.shape[1], 3))
    found = {}
    for depth in range(1, min(3, len(codes)) + 1):
        for places in itertools.combinations([at for at in range(len(codes)) if codes[at].max() > 0], depth):
            for values in set(map(tuple, codes[list(places)].T.tolist())):
                piece = tuple(zip(places, values, strict=True))
                found[piece] = nats[inside(codes, piece)].sum(0).max() + DEEPEN * depth
    lattice = Lattice(codes)
    assert lattice.count() == len(found)
    _, every = lattice.search(nats)
    assert every[0].score == pytest.approx(max(found.values()))
    for scored in every:
        assert scored.score == pytest.approx(found[scored.piece])
    alone = Lattice(codes).top(nats[:, 0])
    single = [nats[inside(codes, piece), 0].sum() + DEEPEN * len(piece) for piece in found]
    assert alone == pytest.approx(max(single))
