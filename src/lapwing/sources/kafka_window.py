"""Which messages a window has: of each partition the offsets from one up to another, and which of them a condition leaves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lapwing.model.project import Topic
from lapwing.sources.lake_filter import Compare, Condition, Either, Every, OneOf

_RANGE: Final = re.compile(r"(\d+):(\d+)-(\d+)\Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """The offsets `low <= offset < high` of a partition."""

    partition: int
    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.low}-{self.high}"

    @classmethod
    def read(cls, text: str) -> Stretch:
        """What `str` gave."""
        found = _RANGE.match(text)
        if found is None:
            raise ValueError(f"{text} is no stretch of offsets")
        return cls(*map(int, found.groups()))


Since = Callable[[Iterable[int], int], Mapping[int, int]]
"""Of some partitions, the first offset whose message is of a moment (milliseconds) or later; absent: there is none."""


def latest(admin: Any, topic: Topic, partitions: Iterable[int], since: Since, now: datetime) -> tuple[Stretch, ...]:
    """The window as it is now: up to what is committed, from as far back as the topic's `window` and `last` say."""
    numbers = list(partitions)
    ends, begins = offsets(admin, topic.topic, numbers, "latest"), offsets(admin, topic.topic, numbers, "earliest")
    first: Mapping[int, int] = begins
    if topic.window is not None:
        moment = (now - topic.window - _EPOCH) // timedelta(milliseconds=1)
        found = since(numbers, moment)
        first = {number: found.get(number, ends[number]) for number in numbers}
    lows = {number: max(begins[number], first[number]) for number in numbers}
    if topic.last is not None:
        lows = {number: max(low, ends[number] - topic.last) for number, low in lows.items()}
    return tuple(Stretch(number, min(lows[number], ends[number]), ends[number]) for number in numbers)


def offsets(admin: Any, topic: str, partitions: Iterable[int], spec: str | int) -> dict[int, int]:
    """Of each partition the "earliest" or the "latest" offset (the first that a reader of what is committed does not see), or
    the first of a moment (milliseconds; absent where there is none).

    Raises:
        KafkaException: the brokers do not say.
    """
    from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
    from confluent_kafka import admin as kinds

    specs: Any = kinds.OffsetSpec  # type: ignore[attr-defined]  # which it has no words of types for
    named = {"earliest": specs.earliest, "latest": specs.latest}
    wanted = specs.for_timestamp(spec) if isinstance(spec, int) else named[spec]()
    asked = {TopicPartition(topic, number): wanted for number in partitions}
    if not asked:
        return {}
    answers: dict[int, int] = {}
    until = time.monotonic() + SECONDS
    while asked:
        told = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=SECONDS)
        for where, future in told.items():
            try:
                answers[where.partition] = future.result(SECONDS + 5).offset
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > until:
                    raise
        asked = {where: one for where, one in asked.items() if where.partition not in answers}
        if asked:
            time.sleep(_PAUSE)
    return {number: offset for number, offset in answers.items() if offset >= 0}


SECONDS: Final = 10.0
"""Of one request, and of all tries while a partition has no leader."""
_PAUSE: Final = 0.1


def narrowed(window: Iterable[Stretch], condition: Condition | None, since: Since) -> tuple[Stretch, ...]:
    """The parts of a window in which the condition may be true: by partition, by offset, and by the least time. Messages are
    not in the order of their times, so a greatest time leaves none out."""
    kept = list(window)
    for part in _parts(condition):
        match part:
            case Compare("_partition", "=", int(value)):
                kept = [one for one in kept if one.partition == value]
            case OneOf("_partition", values):
                kept = [one for one in kept if one.partition in values]
            case Compare("_offset", operator, int(value)):
                kept = [_cut(one, operator, value) for one in kept]
            case Compare("_timestamp", ("=" | ">" | ">="), datetime() as value):
                moment = (value - _EPOCH) // timedelta(milliseconds=1)
                found = since([one.partition for one in kept], moment)
                kept = [_cut(one, ">=", found.get(one.partition, one.high)) for one in kept]
    return tuple(one for one in kept if one.low < one.high)


def columns_in(condition: Condition | None) -> frozenset[str]:
    """The columns that it is about."""
    match condition:
        case None:
            return frozenset()
        case Every(parts) | Either(parts):
            return frozenset().union(*map(columns_in, parts))
    return frozenset({condition.column})


def _parts(condition: Condition | None) -> Iterable[Condition]:
    if isinstance(condition, Every):
        for part in condition.parts:
            yield from _parts(part)
    elif condition is not None:
        yield condition


def _cut(one: Stretch, operator: str, value: int) -> Stretch:
    low = {"=": value, ">=": value, ">": value + 1}.get(operator, one.low)
    high = {"=": value + 1, "<=": value + 1, "<": value}.get(operator, one.high)
    return replace(one, low=max(low, one.low), high=min(high, one.high))
