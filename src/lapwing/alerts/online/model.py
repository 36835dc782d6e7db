"""One step of the online model: where the next bucket should lie, and what it teaches.

There are many short steps, so each does little more than it must.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools, Floats, Kind, Range, amount_at, residual
from lapwing.alerts.online import clocks as walls
from lapwing.alerts.online import effects as calendar
from lapwing.alerts.online.clocks import Clocks
from lapwing.alerts.online.constants import (
    CLOCK_CLEAR,
    CLOCK_OPEN,
    EVENTS_PRIOR,
    GROWTH,
    GROWTH_PRIOR,
    LEAST,
    LEAST_GROWTH,
    LEAST_OF_CHANCE,
    LEAST_OF_MONEY,
    LEVEL_PRIOR,
    MEDIAN_OF_NORMAL,
    MOST_AGREED,
    SHARE_VISITS,
    Tuning,
)
from lapwing.alerts.online.effects import Acting, Effects
from lapwing.alerts.online.memory import Memory


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What the model says of one bucket before it sees it; arrays are (S,), `rates` (P + 1, S), `sums` (3, P, S). `base` is
    what profiles expect of a bucket that no effect acts on, and `level` how the recent past runs against that. `growth` (2, S):
    how much larger the spread is here, up and down, than in the mean bucket. `usual`:
    the range without the doubt of events. `alone`: buckets that count for themselves only. `now`: the effects that act, `turn`
    the change of clocks that is looked at, None for none."""

    slots: npt.NDArray[np.int64]
    sums: Floats
    rates: Floats
    base: Floats
    level: Floats
    growth: Floats
    range: Range
    usual: Range
    ready: Bools
    alone: Bools | bool
    now: Acting | None
    turn: Turn | None


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A change of clocks: what the bucket would be without it, and if the series took part in all of it (S,); `open`: where
    that is not known well enough for the bucket to teach anything."""

    at: int
    without: Range
    early: Floats
    open: Bools | bool = False


class Model:
    """Many series of one kind; all it knows is in `memory`, which it changes."""

    def __init__(
        self,
        kind: Kind,
        memory: Memory,
        tuning: Tuning,
        parent: npt.NDArray[np.intp] | None = None,
        effects: Effects | None = None,
        clocks: Clocks | None = None,
    ) -> None:
        """`parent` (S,): the row of the series that each is a slice of, -1 for none."""
        self.kind, self.memory, self.tuning, self.effects, self.clocks = kind, memory, tuning, effects, clocks
        self.parent = np.full(memory.series, -1) if parent is None else parent
        self.has_parent = self.parent >= 0 if kind is not Kind.LEVEL else np.zeros(memory.series, bool)
        self.normal = 1 / math.sqrt(_clipped_square(MEDIAN_OF_NORMAL))
        self.least = LEAST_OF_CHANCE if kind in (Kind.COUNT, Kind.SHARE) else LEAST
        self.profile = np.arange(memory.sums.shape[1])

    def expect(self, at: int, slots: npt.NDArray[np.int64], weight: Floats) -> Step:
        """Where the bucket `at` should lie. One of unknown weight (nan) is given its slot's usual one."""
        memory = self.memory
        sums, rates, base, weight = self._base(slots, weight)
        shift = 0 if self.clocks is None else int(self.clocks.shift[at])
        same = early = base
        if shift:
            assert self.clocks is not None
            if self.clocks.begins[at]:
                memory.clock[:] = 0.0
            early = self._base((slots + shift) % self.clocks.around, weight)[2]
            taken, doubt = walls.share(memory.clock, float(self.clocks.home[at]))
            base = np.where(np.isnan(early), same, same + taken * (early - same))
        up, down = self._spreads()
        level = self._level(up, down, memory.recent)
        mean = base + level if self.kind is Kind.LEVEL else base * level
        now = self._acting(at)
        if now is not None:
            mean = mean + now.together if self.kind is Kind.LEVEL else mean * now.together
        if self.kind is Kind.SHARE:
            mean = np.minimum(np.maximum(mean, 0.0), weight)
        growth = self._growth(mean, weight, up, down)
        up, down = np.maximum((up, down) * growth, self.least)
        if self.kind is Kind.SUM:
            up, down = np.maximum((up, down), LEAST_OF_MONEY * np.sqrt(np.abs(mean)))
        usual = where = Range(mean, weight, up, down)
        alone: Bools | bool = False
        if now is not None and now.doubt.any():
            where, alone = calendar.widened(self.kind, where, now.doubt), now.doubt > 0
        if self.tuning.lasting:
            where = self._lasting(where, level, up, down)
        turn = None
        if shift:
            turn = Turn(at, usual.at(self._with_base(mean, base, same)), self._with_base(mean, base, early))
            extra = doubt * np.abs(residual(self.kind, turn.without, turn.early))
            extra = np.where(np.isfinite(extra), extra, 0.0)
            turn = replace(turn, open=extra > CLOCK_OPEN * np.minimum(up, down))
            where, alone = where.wider(extra), alone | turn.open
        history = self.tuning.history
        ready = (self._seen(slots[0]) >= history) & (memory.judged >= 2 * history) & np.isfinite(mean)
        return Step(slots, sums, rates, base, level, growth, where, usual, ready, alone, now, turn)

    def _base(self, slots: npt.NDArray[np.int64], weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Of these slots: sums, rates of each profile, what they expect together, and the weight, where it is not known (nan)
        the slot's usual one."""
        sums = self.memory.sums[:, self.profile, slots]
        amounts, weights, visits = sums
        weight = np.where(np.isnan(weight), weights[0] / visits[0], weight)
        rates, visited = amounts / weights, visits > 0
        if self.has_parent.any():
            borrowed = self._borrowed(rates, visited)
            rates = np.vstack((rates, borrowed))
            visited = np.vstack((visited, np.isfinite(borrowed)))
        return sums, rates, self._own_base(rates, visited) * weight, weight

    def _with_base(self, mean: Floats, base: Floats, other: Floats) -> Floats:
        """The mean, if profiles expected something else."""
        if self.kind is Kind.LEVEL:
            return mean + (other - base)
        changed: Floats = np.where(base == 0, other, mean * (other / base))
        return changed

    def _own_base(self, rates: Floats, visited: Bools) -> Floats:
        error = self.memory.error[: len(rates)]
        trust = np.where(visited, 1 / (error * error + 1e-100), 0.0)
        base: Floats = np.where(visited, rates * trust, 0.0).sum(0) / trust.sum(0)
        return base

    def _borrowed(self, rates: Floats, visited: Bools) -> Floats:
        """Rates by the parent's pattern, at the size of the slice's share of it."""
        share = self.memory.share
        of_parent = self._own_base(rates, visited)[self.parent]
        known = self.has_parent & (share[1] > 0)
        return np.where(known, of_parent * share[0] / share[1], np.nan)

    def _seen(self, slot: np.int64) -> Floats:
        """Visits of a slot by the series itself, or by the parent whose pattern it leans on."""
        own = self.memory.seen[slot]
        seen: Floats = np.where(self.has_parent, np.maximum(own, own[self.parent]), own)
        return seen

    def _acting(self, at: int) -> Acting | None:
        if self.effects is None:
            return None
        return calendar.acting(self.kind, self.memory.effects, self.effects, at, self.parent, self.tuning.day)

    def _lasting(self, where: Range, level: Floats, up: Floats, down: Floats) -> Range:
        """The range up to where it would be by the level of a longer past: what comes back to that is no news."""
        lasting = self._level(up, down, self.memory.lasting)
        then = where.mean + (lasting - level) if self.kind is Kind.LEVEL else where.mean * (lasting / level)
        if self.kind is Kind.SHARE:
            then = np.minimum(np.maximum(then, 0.0), where.weight)
        off = residual(self.kind, where, then)
        off = np.where(np.isfinite(off), off, 0.0)
        return Range(
            where.mean,
            where.weight,
            np.hypot(where.up, np.maximum(off, 0.0)),
            np.hypot(where.down, np.maximum(-off, 0.0)),
        )

    def _level(self, up: Floats, down: Floats, recent: Floats) -> Floats:
        if self.kind is Kind.LEVEL:
            added: Floats = recent[0] / (recent[1] + LEVEL_PRIOR)
            return added
        prior = EVENTS_PRIOR * np.maximum(up, down) ** 2
        level = (recent[0] + prior) / (recent[1] + prior)
        return np.where(np.isnan(level), 1.0, level)

    def _spreads(self) -> Floats:
        """Robust standard deviations of residuals, up and down: Huber's second proposal, on each side by itself. Early on,
        both sides lean on what they have in common."""
        judged, square = self.memory.judged, self.memory.square
        common = (square[0] + square[1]) * (2 / (judged + 1))
        variance = (square + common) / (judged + 4 * (judged > 0))
        wary = self.normal * (1 + 2 / np.maximum(judged, 1))  # little is known of the spread from few
        # fmax: before the first residual the spread is nan, and the floor holds.
        floored: Floats = np.fmax(np.sqrt(variance) * wary, self.least)
        return floored

    def _growth(self, mean: Floats, weight: Floats, up: Floats, down: Floats) -> Floats:
        """How the spread grows with the mean. Chance alone makes residuals of one spread; what moves a whole bucket, as the
        weather does, moves large ones by more. Of counts it is known how much is chance; of sums it is learned."""
        if self.kind is Kind.LEVEL:
            return np.ones((2, len(mean)))
        total, square, product, alone = self.memory.sizes
        against = _size(self.kind, mean, weight) * self.memory.judged / total
        if self.kind is Kind.SUM:
            slope = product / alone * self.memory.judged / np.maximum(square, 1e-9)
            trust = square / (square + GROWTH_PRIOR)
            share = np.clip(trust * slope + (1 - trust) * GROWTH, 0.0, 1.0)
            share = np.where(np.isnan(share), GROWTH, share)
        else:
            share = 1 - self.least**2 / np.maximum((up, down), self.least) ** 2
        growth = np.sqrt(np.maximum(1 + share * (against - 1), LEAST_GROWTH))
        growth = np.where(np.isnan(growth), 1.0, growth)
        return growth if growth.ndim == 2 else np.array((growth, growth))

    def learn(self, step: Step, amount: Floats) -> Floats:
        """Takes the bucket in, winsorised, and gives its score. What is not known is nan, and teaches nothing."""
        usual, clip, now = step.usual, self.tuning.clip, step.now
        off = residual(self.kind, usual, amount)
        above = off > 0
        score: Floats = off / np.where(above, step.range.up, step.range.down)
        trained = self.memory.judged >= 2 * self.tuning.history
        if now is not None:
            assert self.effects is not None
            calendar.learn(self.kind, self.memory.effects, self.effects, now, step.range, amount, self.tuning.day)
            if now.held.any():
                amount, off = np.where(now.held, np.nan, amount), np.where(now.held, np.nan, off)
        teaches: Bools | bool = True
        if step.turn is not None:
            # On a holiday it would be seen who has one.
            plain = amount if now is None else np.where(now.doubt > 0, np.nan, amount)
            walls.look(self.kind, self.memory.clock, step.turn.without, step.turn.early, plain)
            amount, off = np.where(step.turn.open, np.nan, amount), np.where(step.turn.open, np.nan, off)
            teaches = self._stays(step.turn)
        inside = off / np.where(above, usual.up, usual.down)
        # What the slot's last visit shows as well is no accident: that much is let in.
        last = self.memory.last[step.slots[0]]
        clips = clip + np.maximum(np.where(above, last, -last), 0.0)
        known = np.isfinite(amount)
        far = known & trained & (np.abs(inside) > clips)
        kept = amount
        if far.any():
            kept = np.where(far, amount_at(self.kind, usual, np.where(above, clips, -clips)), amount)
        self.memory.last[step.slots[0]] = np.where(
            known & trained & teaches, np.clip(inside, -MOST_AGREED, MOST_AGREED), last
        )
        self._learn_spread(step, off, trained)
        kept = self._without_effects(kept, now)
        self._learn_level(step, kept, known)
        self._learn_profiles(step, kept, known & teaches)
        if step.turn is not None and self.clocks is not None and self.clocks.ends[step.turn.at]:
            walls.settle(self.memory, self.clocks, step.turn.at)
        return score

    def _stays(self, turn: Turn) -> Bools:
        """Series whose slots may learn although clocks changed: those that go by others' until they show otherwise."""
        assert self.clocks is not None
        home = float(self.clocks.home[turn.at])
        taken, doubt = walls.share(self.memory.clock, home)
        stays: Bools = (taken <= CLOCK_CLEAR * doubt) & (home == 0)
        return stays

    def _without_effects(self, amount: Floats, now: Acting | None) -> Floats:
        """What the bucket would have come to on a day like any other."""
        if now is None:
            return amount
        if self.kind is Kind.LEVEL:
            return amount - now.together
        return amount / np.where(now.together > 0, now.together, 1.0)

    def _learn_spread(self, step: Step, off: Floats, trained: Bools) -> None:
        memory = self.memory
        # A bucket where nothing happens and nothing was expected says nothing about the spread of the others; nor does one
        # whose own slot is hardly known, which was expected by the coarser profile.
        said = (off != 0) | (np.abs(step.range.mean) > 1e-9)
        here = np.isfinite(off) & (self._seen(step.slots[0]) >= 2) & said
        keep = 1 - 1 / self.tuning.spread
        sizes = np.maximum((off, -off), 0.0)
        most = MEDIAN_OF_NORMAL * np.array((step.usual.up, step.usual.down))
        sizes = np.where(trained & (sizes > most), most, sizes)
        if self.kind is not Kind.LEVEL:
            self._learn_growth(step, sizes / np.array((step.usual.up, step.usual.down)), here, trained, keep)
        sizes = sizes / step.growth
        memory.square = np.where(here, memory.square * keep + 2 * sizes * sizes, memory.square)
        memory.judged = np.where(here, memory.judged * keep + 1, memory.judged)
        young = here & (memory.first_count < len(memory.first))
        if young.any():
            self._begin_spread(off, np.flatnonzero(young))

    def _learn_growth(self, step: Step, scores: Floats, here: Bools, trained: Bools, keep: float) -> None:
        memory = self.memory
        size = _size(self.kind, step.range.mean, step.range.weight)
        total, judged = memory.sizes[0], memory.judged
        off = np.where(total > 0, size * judged / total - 1, 0.0)
        # The score was divided by the growth that was believed in: that is put back.
        squared = np.square(scores * step.growth).sum(0)
        gained = np.array((size, off * off, off * squared, squared))
        gained[1:] = np.where(trained & np.isfinite(off), gained[1:], 0.0)
        memory.sizes = np.where(here, memory.sizes * keep + gained, memory.sizes)

    def _begin_spread(self, off: Floats, columns: npt.NDArray[np.intp]) -> None:
        """The spread of the first residuals is their median."""
        memory = self.memory
        memory.first[memory.first_count[columns], columns] = np.abs(off[columns])
        memory.first_count[columns] += 1
        median = np.nanmedian(memory.first[:, columns], axis=0) / MEDIAN_OF_NORMAL
        memory.square[:, columns] = np.square(median / self.normal) * memory.judged[columns]

    def _learn_level(self, step: Step, kept: Floats, known: Bools) -> None:
        here = known & np.isfinite(step.base)
        gained = (kept - step.base, np.ones_like(kept)) if self.kind is Kind.LEVEL else (kept, step.base)
        memory, tuning = self.memory, self.tuning
        memory.recent = np.where(here, memory.recent * (1 - 1 / tuning.level) + gained, memory.recent)
        if tuning.lasting:
            memory.lasting = np.where(here, memory.lasting * (1 - 1 / tuning.lasting) + gained, memory.lasting)

    def _learn_profiles(self, step: Step, kept: Floats, known: Bools) -> None:
        memory, keep, weight = self.memory, 1 - 1 / self.tuning.visits, step.range.weight
        miss = np.square(kept - step.rates * weight)
        profiles = len(self.profile)
        scored = known & np.isfinite(miss[:profiles]).all(0)
        if len(miss) > profiles:
            scored &= np.isfinite(miss[profiles]) | ~self.has_parent
            self._learn_share(kept, step, known)
        memory.errors += scored
        memory_of = 1 / np.minimum(np.maximum(memory.errors, 1), self.tuning.spread)
        error = memory.error[: len(miss)]
        memory.error[: len(miss)] = np.where(scored & np.isfinite(miss), error + (miss - error) * memory_of, error)
        gained = np.array((kept, weight, np.ones_like(kept)))[:, None]
        memory.sums[:, self.profile, step.slots] = np.where(known, step.sums * keep + gained, step.sums)
        memory.seen[step.slots[0]] += known

    def _learn_share(self, kept: Floats, step: Step, known: Bools) -> None:
        rates = step.rates[:-1]
        whole = self._own_base(rates, np.isfinite(rates))[self.parent] * step.range.weight
        here = known & self.has_parent & np.isfinite(whole) & (whole > 0)
        keep = 1 - 1 / (SHARE_VISITS * self.tuning.day)
        share = self.memory.share
        self.memory.share = np.where(here, share * keep + (kept, whole), share)


def _size(kind: Kind, mean: Floats, weight: Floats) -> Floats:
    """What the spread grows with: amounts, of shares the smaller of both parts."""
    return np.abs(mean) if kind is not Kind.SHARE else np.maximum(np.minimum(mean, weight - mean), 0.0)


def _clipped_square(limit: float) -> float:
    """The mean of min(z², limit²) of a standard normal z: what makes the clipped spread a standard deviation."""
    outside = math.erfc(limit / math.sqrt(2))
    return 1 - outside - limit * math.sqrt(2 / math.pi) * math.exp(-limit * limit / 2) + limit * limit * outside
