"""What the calendar does to a number: holidays, days of the month, a project's own events. Learned as factors.

An effect is a class of buckets: "Thanksgiving", "the day before Thanksgiving", "day 15 of the month". Its factor is what
was over what was expected without it, leaning on the parent's factor, or on that of other events of its family, while it
is young. Of an event that is not known yet the range is wide, and what happens in it teaches the factor only. Levels have
differences in the place of factors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats, Kind, Range, amount_at, residual
from lapwing.alerts.online.constants import (
    DOUBT_FALLS,
    EFFECT_CLIP,
    EFFECT_MEMORY,
    EFFECT_PRIOR,
    EFFECT_PROOF,
    HELD_DOUBT,
    LEVEL_DEVIATIONS,
    PROOF_CLIP,
)

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Effects:
    """E effects over T buckets of S series.

    `names` (E). `active` (K, T): up to K effects that act on a bucket, -1 for none. `family` (E): the effect that stands
    for all of its kind, -1 where there is none. `prior` (E): the factor before any is known. `doubt` (E): the relative
    standard deviation of that; 0 for effects that are sure to be small, and are used once they have proved themselves.
    `scope` (E, S): which series an effect acts on; None: all on all.
    """

    names: tuple[str, ...]
    active: Places
    family: Places
    prior: Floats
    doubt: Floats
    scope: Bools | None = None

    def acting(self, at: int) -> Places:
        """The effects that act on a bucket."""
        ids = self.active[:, at]
        return ids[ids >= 0]


@dataclass(frozen=True, slots=True, eq=False)
class Acting:
    """The k effects that act on one bucket: factors (k, S), their product (or sum) and doubt together (S,), `held`: series
    on which one acts of so much doubt that the bucket teaches nothing else."""

    ids: Places
    factors: Floats
    together: Floats
    doubt: Floats
    held: Bools


def acting(
    kind: Kind, sums: Floats, effects: Effects, at: int, parent: npt.NDArray[np.intp], day: float
) -> Acting | None:
    """What acts on the bucket `at`, if anything. `sums` (4, E, S): see `Memory.effects`. `parent` (S,): rows, -1 for none."""
    ids = effects.acting(at)
    count = len(ids)
    if not count:
        return None
    neutral = 0.0 if kind is Kind.LEVEL else 1.0
    doubt = effects.doubt[ids, None]
    family = effects.family[ids]
    known = sums[:, np.concatenate((family, ids))]
    own, visits = _own(kind, known, day)
    given = np.zeros((count, 1)) if kind is Kind.LEVEL else effects.prior[ids, None]
    # What is believed before anything is known: the family's factor, where it has one, else the effect's own prior.
    prior = np.where((family >= 0)[:, None], _blend(own[:count], visits[:count], given), given)
    own, visits = own[count:], visits[count:]
    proof = shown = _proof(known[:, count:], visits)
    has_parent = parent >= 0
    if has_parent.any():
        prior = np.where(has_parent, _blend(own, visits, prior)[:, parent], prior)
        borrowed = np.where(has_parent, proof[:, parent] * EFFECT_PRIOR / (visits + EFFECT_PRIOR), 0.0)
        shown = np.maximum(proof, borrowed)
    factors = neutral + np.where(doubt > 0, 1.0, shown) * (_blend(own, visits, prior) - neutral)
    left = doubt / np.sqrt(1 + DOUBT_FALLS * visits * visits)
    holds = doubt >= HELD_DOUBT
    held: Bools
    if effects.scope is None:
        held = np.full(len(parent), bool(holds.any()))
    else:
        here = effects.scope[ids]
        factors, left, held = (
            np.where(here, factors, neutral),
            np.where(here, left, 0.0),
            np.asarray((here & holds).any(0)),
        )
    together = factors.sum(0) if kind is Kind.LEVEL else factors.prod(0)
    return Acting(ids, factors, together, np.sqrt(np.square(left).sum(0)), held)


def _own(kind: Kind, sums: Floats, day: float) -> tuple[Floats, Floats]:
    """The factor that was seen, and on how many days."""
    amounts, without, buckets, _ = sums
    seen = buckets > 0
    if kind is Kind.LEVEL:
        own = np.divide(amounts - without, buckets, where=seen, out=np.zeros_like(amounts))
    else:
        seen &= np.abs(without) > 1e-9
        own = np.divide(amounts, without, where=seen, out=np.ones_like(amounts))
    return own, np.where(seen, buckets / day, 0.0)


def _blend(own: Floats, visits: Floats, prior: Floats) -> Floats:
    blended: Floats = (own * visits + EFFECT_PRIOR * prior) / (visits + EFFECT_PRIOR)
    return blended


def _proof(sums: Floats, visits: Floats) -> Floats:
    """How far an effect has proved itself, 0 to 1."""
    mean = sums[3] / np.maximum(sums[2], 1.0)
    shown = mean * mean * np.maximum(visits - 1, 0.0)
    proof: Floats = np.maximum(1 - EFFECT_PROOF / np.maximum(shown, 1e-9), 0.0)
    return proof


def widened(kind: Kind, where: Range, doubt: Floats) -> Range:
    """The range with an event's doubt in it: a share of the mean, on the scale of residuals."""
    if kind is Kind.LEVEL:
        extra = doubt * np.maximum(np.abs(where.mean), LEVEL_DEVIATIONS * np.maximum(where.up, where.down))
    elif kind is Kind.SHARE:
        near = np.minimum(where.mean, where.weight - where.mean)
        extra = doubt * np.sqrt(np.maximum(near, 0.0) / np.maximum(1 - near / where.weight, 0.5))
    else:
        extra = doubt * np.sqrt(np.abs(where.mean))
    return where.wider(extra)


def learn(kind: Kind, sums: Floats, effects: Effects, now: Acting, where: Range, amount: Floats, day: float) -> None:
    """Takes a bucket in, into `sums`: winsorised by the range, which is the widened one."""
    known = np.isfinite(amount) & np.isfinite(where.mean)
    kept = np.minimum(amount, amount_at(kind, where, EFFECT_CLIP))
    kept = np.maximum(kept, amount_at(kind, where, -EFFECT_CLIP))
    keep = 1 - 1 / (EFFECT_MEMORY * day)
    for place, which in enumerate(now.ids):
        here = known if effects.scope is None else known & effects.scope[which]
        factor = now.factors[place]
        without = where.mean - factor if kind is Kind.LEVEL else where.mean / np.where(factor > 0, factor, 1.0)
        off = residual(kind, Range(without, where.weight, where.up, where.down), amount)
        score = np.clip(off / np.where(off > 0, where.up, where.down), -PROOF_CLIP, PROOF_CLIP)
        gained = np.array((kept, without, np.ones_like(kept), score))
        for one in {int(which), int(effects.family[which])} - {-1}:
            sums[:, one] = np.where(here, sums[:, one] * keep + gained, sums[:, one])
