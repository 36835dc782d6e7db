"""Warnings: from how likely something is after each bucket to something that opens, grows, and ends well or badly.

The rules are those of incidents: told once, with hysteresis; a new outbreak soon after is the same warning again, and one that
comes and goes too often is told once more, as flapping, and stays open until it has been quiet for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lapwing.alerts.chance import Bools, Floats
from lapwing.alerts.early.constants import CLEAR, STAYS
from lapwing.alerts.episode import Step
from lapwing.alerts.record import OPENINGS
from lapwing.alerts.ways import FLAPS, GREW

SURE = 0.999
"""It has happened, or can't be prevented: told at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """A warning in bucket indexes: its steps (opened, grew, resolved). `direction` is where the trouble lies: -1 too little.
    `row` is the series it is of, where there are several. `came`: whether what was warned of came, None while that is not
    known. `due`: when what it warned of comes, or came."""

    direction: int
    steps: tuple[Step, ...]
    came: bool | None = None
    due: int | None = None
    row: int = 0

    @property
    def opened(self) -> int:
        return self.steps[0].bucket

    @property
    def openings(self) -> tuple[int, ...]:
        """The buckets of all outbreaks."""
        return tuple(step.bucket for step in self.steps if step.kind in OPENINGS)

    @property
    def resolved(self) -> int | None:
        last = self.steps[-1]
        return last.bucket if last.kind == "resolved" else None

    def until(self, buckets: int) -> Warned | None:
        """As it was known when only the first `buckets` buckets were."""
        steps = tuple(step for step in self.steps if step.bucket < buckets)
        return replace(self, steps=steps) if steps else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wavering:
    """`stays`: judgements in a row that open a warning, or end it. `rejoin`: buckets after its end within which a new outbreak
    is the same one. `calm`: buckets within which several openings are flapping, and which must be clear then to end it; 0:
    nothing flaps."""

    stays: int = STAYS
    rejoin: int = 0
    calm: int = 0


def raised(
    chance: Floats,
    size: Floats,
    bound: float,
    ends: Bools | None = None,
    rules: Wavering = Wavering(),
) -> list[Warned]:
    """The warnings of one series, arrays (T,).

    Args:
        chance: the probability of what is warned of, nan where nothing is known.
        size: how far off it is, signed: where that has grown by half it is told again.
        ends: where a bucket is the last of its period: a warning does not outlive it, and none begins by what was before.
    """
    out: list[list[Step]] = []
    going = False
    likely = clear = enough = since = 0
    told = 0.0
    for at, probability in enumerate(chance.tolist()):
        hot = probability >= bound  # not of nan
        likely = likely + 1 if hot else 0
        last = ends is not None and bool(ends[at])
        if not going:
            if hot and (likely >= rules.stays or probability >= SURE):
                again = bool(out) and out[-1][0].bucket >= since and at - out[-1][-1].bucket <= rules.rejoin
                if not again:
                    out.append([])
                    told = 0.0
                lately = [step for step in out[-1] if step.kind in OPENINGS and at - step.bucket < rules.calm]
                flaps = len(lately) >= FLAPS - 1
                out[-1].append(Step("flapping" if flaps else "opened", at))
                told, clear, enough = max(told, abs(float(size[at]))), 0, rules.calm if flaps else rules.stays
                going = True
        else:
            clear = clear + 1 if probability < CLEAR else 0
            if hot and abs(float(size[at])) > GREW * told > 0:
                told = abs(float(size[at]))
                out[-1].append(Step("grew", at))
        if going and (last or clear >= enough):
            if out[-1][-1] == Step("grew", at) or out[-1][-1].bucket < at:
                out[-1].append(Step("resolved", at))
            else:  # it would end as it begins
                out[-1].pop()
                out = [steps for steps in out if steps]
            going = False
        if last:
            likely, since = 0, at + 1
    return [Warned(direction=1 if size[steps[0].bucket] > 0 else -1, steps=tuple(steps)) for steps in out]
