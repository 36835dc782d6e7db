"""What a ratio's change is made of: rates that changed, and the mix."""

from __future__ import annotations

import numpy as np

from lapwing.alerts.slicing.leaves import Floats


def rate_and_mix(before: Floats, before_weights: Floats, after: Floats, after_weights: Floats) -> tuple[Floats, Floats]:
    """Each slice's two parts of the change of the whole's ratio, which over all slices add up to it exactly.

    With shares s and rates r of the slices and R of the whole: sum of mean(s) (r1 - r0), the rates, and of
    (s1 - s0) (mean(r) - mean(R)), the mix. A slice of one side only has no rate that could change: all of its part is mix.

    All are (slices,), numerators and denominators; both wholes' denominators must be above 0.
    """
    share_0, share_1 = before_weights / before_weights.sum(), after_weights / after_weights.sum()
    whole = (before.sum() / before_weights.sum() + after.sum() / after_weights.sum()) / 2
    known_0, known_1 = before_weights > 0, after_weights > 0
    own_0 = np.divide(before, before_weights, out=np.full(len(before), whole), where=known_0)
    own_1 = np.divide(after, after_weights, out=np.full(len(after), whole), where=known_1)
    rate_0, rate_1 = np.where(known_0, own_0, own_1), np.where(known_1, own_1, own_0)
    rates: Floats = (share_0 + share_1) / 2 * (rate_1 - rate_0)
    mix: Floats = (share_1 - share_0) * ((rate_0 + rate_1) / 2 - whole)
    return rates, mix
