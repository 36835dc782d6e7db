"""What a new judging adds to an incident's record: only what differs from what is written there already.

A record is never rewritten. What data says now and did not say before is added; what it says no longer is taken back, as of
the moment at which that became known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lapwing.alerts.inputs import Inputs
from lapwing.alerts.life import GONE, life
from lapwing.alerts.record import ENDINGS, Happened, Key, added_at


@dataclass(frozen=True, slots=True)
class Step:
    """A step as judged: `at` is when its data was complete, `bucket` the start of its bucket (UTC microseconds)."""

    kind: str
    at: int
    bucket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident as judged. `tell` says of one of its steps what is kept with it."""

    key: Key
    steps: tuple[Step, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[Step], Mapping[str, Any]] = lambda _: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """`now`: the moment of it. `covered`: until when the one before it knew the data, None where there was none. `same`: the
    definition is that of the one before. `inputs`: what it was told beside the data."""

    now: int
    covered: int | None
    same: bool
    inputs: Inputs = field(default_factory=Inputs)


def adopted(records: Mapping[Key, tuple[Happened, ...]], told: Iterable[Told]) -> dict[Key, Key]:
    """Of records whose incident is not told under their key any more, under which it is: late data may move the bucket that
    opens an incident, which then lasts over some of the same time. From keys as told to keys of records."""
    every = {one.key: one for one in told}
    free = {key: one for key, one in every.items() if key not in records}
    out: dict[Key, Key] = {}
    for key in sorted(records):
        if key in every:
            continue
        held = [step for step in life(records[key]).steps if step.bucket is not None]
        lasted = _span([(step.kind, step.bucket or 0) for step in held])
        for other, one in sorted(free.items()):
            start, end = _span([(step.kind, step.bucket) for step in one.steps])
            if key[:2] == other[:2] and start <= lasted[1] and lasted[0] <= end:
                out[other] = key
                del free[other]
                break
    return out


def _span(steps: list[tuple[str, int]]) -> tuple[int, int]:
    """From the first step's bucket to the one that ended it; nothing for none."""
    if not steps:
        return 1, 0
    last = max(steps, key=lambda step: step[1])
    return min(bucket for _, bucket in steps), last[1] if last[0] in ENDINGS else 1 << 62


def same(told: Iterable[Told], before: Iterable[Told]) -> frozenset[Key]:
    """Which incidents are told now as they were before."""
    steps = {one.key: one.steps for one in before}
    return frozenset(one.key for one in told if steps.get(one.key) == one.steps)


def additions(lines: tuple[Happened, ...], told: Told, judging: Judging) -> list[Happened]:
    """The lines that bring a record to what was judged now.

    A step that the last judging could not see yet was known when its data was complete. One that it saw the data of, and
    did not tell, comes of data that changed: nobody could know it before now.
    """
    before = life(lines)
    held = {(step.kind, step.bucket): step for step in before.steps}
    wanted = {(step.kind, step.bucket) for step in told.steps}
    number, now = _next(lines), added_at(lines, judging.now)
    out: list[Happened] = []
    gone = [known for known in held.values() if (known.kind, known.bucket) not in wanted]
    if gone:
        left_out = any(judging.inputs.in_maintenance(known.bucket or 0) for known in gone)
        reason = "maintenance" if left_out else "late_data" if judging.same else "redefined"
        data = {"of": [known.number for known in gone], "reason": reason}
        out.append(_line(number, "withdrawn", now, now, data=data))
    for step in told.steps:
        if (step.kind, step.bucket) not in held:
            late = judging.covered is not None and step.at <= judging.covered and (judging.same or bool(lines))
            at = now if late else step.at
            out.append(_line(number + len(out), step.kind, at, now, step.bucket, told.tell(step)))
    if before.reason in GONE and told.steps[-1].kind not in ENDINGS:
        out.append(_line(number + len(out), "reopened", now, now))  # it is judged again
    return out


def taken_back(lines: tuple[Happened, ...], reason: str, judging: Judging) -> list[Happened]:
    """The lines that say that what was told is no longer there: retracted where the data says so, closed where it can't be
    judged any more. `reason` is late_data, maintenance, or one of `life.GONE`."""
    now = life(lines)
    if not now.steps or (now.reason in GONE and reason in GONE):
        return []
    gone = reason in GONE
    if gone and not now.open and reason != "redefined":
        return []  # it was over before its metric went
    kind, at = "closed" if gone and now.open else "retracted", added_at(lines, judging.now)
    return [_line(_next(lines), kind, at, at, data={"reason": reason})]


def _next(lines: tuple[Happened, ...]) -> int:
    return max((line.number for line in lines), default=0) + 1


def _line(
    number: int, kind: str, at: int, recorded: int, bucket: int | None = None, data: Mapping[str, Any] | None = None
) -> Happened:
    return Happened(number=number, kind=kind, at=at, recorded=recorded, bucket=bucket, data=data or {})
