"""What the first look saw: which slices a second one is worth, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lapwing.alerts.chance import Floats
from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.reading import Key, Read
from lapwing.alerts.sweep.remembered import State
from lapwing.alerts.sweep.setting import Setting
from lapwing.alerts.sweep.values import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Flag:
    """A slice, and the buckets in which it was worth a second look, in order."""

    cuboid: Cuboid
    key: Key
    buckets: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """`many` (D + 1, T): among how many series one of so many dimensions is looked at; `tests` (T,): how many series of
    their own all of them, the whole among them, are worth; `watching` (T,): how many slices had support, of all `groups`;
    `unread`: combinations with too many slices; `read`: what was read of the others last."""

    flags: tuple[Flag, ...]
    many: Floats
    tests: Floats
    watching: Ints
    groups: Mapping[Cuboid, int]
    unread: tuple[Cuboid, ...]
    read: Mapping[Cuboid, Read]


def looked(setting: Setting, state: State, known: Mapping[Cuboid, Read], buckets: int) -> Looked:
    """What was seen, over so many buckets."""
    depth = setting.depth
    watched = np.zeros((depth, buckets), np.int64)
    watched[:, : state.buckets] = state.watched
    many = np.ones((depth + 1, buckets))
    many[1:] = setting.many(watched)
    judged = np.zeros(buckets)
    judged[: state.buckets] = state.judged
    read = {cuboid: of for level in state.levels[1:] for cuboid, of in level.slices.items()}
    return Looked(
        flags=tuple(flag for size in range(1, depth + 1) for flag in _flags(state, size)),
        many=many,
        tests=judged + (watched / many[1:]).sum(axis=0),
        watching=watched.sum(axis=0),
        groups={cuboid: int(np.count_nonzero(of.since < state.buckets)) for cuboid, of in read.items()},
        unread=state.unread,
        read=known,
    )


def _flags(state: State, size: int) -> Iterator[Flag]:
    """Of slices of so many dimensions, by slice."""
    rows, buckets = state.flags[size - 1]
    if not len(rows):
        return
    level = state.levels[size]
    order = np.lexsort((buckets, rows))
    rows, buckets = rows[order], buckets[order].astype(np.int64)
    each, firsts = np.unique(rows, return_index=True)
    which, place = level.names()
    parts = np.split(buckets, firsts[1:])
    for number, (cuboid, of) in enumerate(level.slices.items()):
        mine = np.flatnonzero(which[each] == number)
        keys = state.values.keys(cuboid, of.codes[place[each[mine]]])
        yield from (Flag(cuboid, key, parts[at]) for key, at in zip(keys, mine.tolist(), strict=True))
