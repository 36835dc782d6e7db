"""What the first look remembers, as bytes: in parts, of which a new bucket changes few.

Where a slice is counted together with others in a slot of the week, seven of eight parts stay as they are from one hour to
the next; so a part is kept by its name and the bucket after which it was made, and the head of what was remembered after so
many buckets names those that it is made of. Each part has a checksum: one that is damaged is never gone on from.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lapwing.alerts.sweep.cuboids import Cuboid
from lapwing.alerts.sweep.memory import SUMS, Memory
from lapwing.alerts.sweep.remembered import ROWS, Level, Slices, State
from lapwing.alerts.sweep.values import Values

FORMAT = 2
HEAD = "head"
"""The part that is made after each number of buckets after which anything is kept."""
SLOTS = 8
"""Slots of one part: one by one they would be hundreds of parts of a few slices each."""
_KEYS = (("codes", np.int64), ("totals", np.float64), ("since", np.int32), ("row", np.int32))

Part = tuple[str, int]
"""A name, and the bucket after which it was made."""
Fetch = Callable[[Iterable[Part]], Mapping[str, bytes]]
"""Parts by their names; those that are not there are left out."""


class Damaged(Exception):
    """Something else is kept than what is to be gone on from."""


def pack(state: State) -> dict[str, bytes]:
    """The parts that changed since it was packed last, by name; all of what was never packed. It counts as packed then."""
    out = {"time": b"".join(map(bytes, map(np.ascontiguousarray, _times(state))))}
    if len(state.values) != state.named:
        out["values"] = json.dumps(state.values.as_dict()).encode()
        state.named = len(state.values)
    for size, level in enumerate(state.levels):
        for number, of in enumerate(level.slices.values()):
            out[f"keys {size} {number}"] = b"".join(
                np.ascontiguousarray(getattr(of, name), kind).tobytes() for name, kind in _KEYS
            )
        if size:
            out[f"flags {size}"] = state.flags[size - 1].tobytes()
        out |= _memory(size, level)
        level.grown, level.touched = level.series, set()
    state.versions |= dict.fromkeys(out, state.buckets)
    out[HEAD] = _head(state)
    return {name: zlib.crc32(data).to_bytes(4, "little") + data for name, data in out.items()}


def unpack(at: int, fetch: Fetch) -> State:
    """What `pack` kept after so many buckets, without slots, which are fetched when they are needed. Raises Damaged where it is
    something else, then, too."""
    head = json.loads(_sound(fetch([(HEAD, at)]), HEAD))
    if head["format"] != FORMAT:
        raise Damaged(f"format {head['format']}")
    sizes = head["levels"]
    names = ["time", "values", *(f"flags {size}" for size in range(1, len(sizes)))]
    for size, level in enumerate(sizes):
        names += [f"keys {size} {number}" for number in range(len(level["slices"]))]
        names += [f"rest {size} {block}" for block in _blocks(level["series"])]
    versions: dict[str, int] = head["versions"]
    found = fetch((name, versions[name]) for name in names)
    values = Values(json.loads(_sound(found, "values")))
    levels = tuple(_level(size, said, found, weighted=head["weighted"]) for size, said in enumerate(sizes))
    buckets, depth = head["buckets"], len(sizes) - 1
    time = _sound(found, "time")
    judged, digests, watched = _cut(time, (np.bool_, buckets), (np.uint64, buckets), (np.int64, depth * buckets))
    flags = [np.frombuffer(_sound(found, f"flags {size}"), np.int32).reshape(2, -1) for size in range(1, depth + 1)]
    return State(
        values=values,
        levels=levels,
        unread=tuple(map(tuple, head["unread"])),
        judged=judged,
        digests=digests,
        watched=watched.reshape(depth, buckets),
        flags=flags,
        named=len(values),
        versions=dict(versions),
        loader=lambda level, size, slots, since: _load(
            lambda names: fetch((name, versions[name]) for name in names), level, size, slots, since
        ),
    )


def _head(state: State) -> bytes:
    levels = [
        {
            "series": level.series,
            "slices": [[list(cuboid), len(of.codes)] for cuboid, of in level.slices.items()],
            "visits": level.memory.visits.tolist(),
            "buckets": level.memory.buckets,
            "weights": None if level.weighted else level.memory.weights[:, 0].tolist(),
        }
        for level in state.levels
    ]
    said = {
        "format": FORMAT,
        "buckets": state.buckets,
        "unread": [list(one) for one in state.unread],
        "weighted": state.levels[0].weighted,
        "levels": levels,
        "versions": state.versions,
    }
    return json.dumps(said).encode()


def _times(state: State) -> Iterator[npt.NDArray[Any]]:
    yield state.judged
    yield state.digests
    yield state.watched


def _memory(size: int, level: Level) -> Iterator[tuple[str, bytes]]:
    memory, count = level.memory, len(level.memory.visits)
    for block, rows in _blocks(level.series).items():
        yield (
            f"rest {size} {block}",
            b"".join(np.ascontiguousarray(getattr(memory, name)[..., rows]).tobytes() for name in SUMS),
        )
        anew = rows.stop > level.grown
        for first in range(0, count, SLOTS):
            slots = range(first, min(first + SLOTS, count))
            if anew or not level.touched.isdisjoint(slots):
                part = np.s_[slots.start : slots.stop, rows]
                arrays = [memory.amounts[part], *([memory.weights[part]] if level.weighted else [])]
                yield f"slots {size} {block} {first}", b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)


def _blocks(series: int) -> dict[int, slice]:
    return {at // ROWS: slice(at, min(at + ROWS, series)) for at in range(0, series, ROWS)}


def _level(size: int, said: Mapping[str, Any], found: Mapping[str, bytes], *, weighted: bool) -> Level:
    slices: dict[Cuboid, Slices] = {}
    for number, (cuboid, groups) in enumerate(said["slices"]):
        arrays = _cut(_sound(found, f"keys {size} {number}"), *((kind, groups) for _, kind in _KEYS))
        slices[tuple(cuboid)] = Slices(*arrays)
    series, visits = said["series"], np.array(said["visits"], np.int64)
    memory = Memory.blank(series, len(visits), weighted=weighted)
    memory.visits[:], memory.buckets = visits, said["buckets"]
    if not weighted:
        memory.weights[:, 0] = said["weights"]
    for block, rows in _blocks(series).items():
        shapes = {name: getattr(memory, name)[..., rows].shape for name in SUMS}
        arrays = _cut(
            _sound(found, f"rest {size} {block}"), *((np.float32, int(np.prod(shape))) for shape in shapes.values())
        )
        for (name, shape), array in zip(shapes.items(), arrays, strict=True):
            getattr(memory, name)[..., rows] = array.reshape(shape)
    return Level(slices, memory, weighted, held={}, grown=series)


def _load(
    fetch: Callable[[Iterable[str]], Mapping[str, bytes]], level: Level, size: int, slots: Iterable[int], since: int
) -> None:
    memory, count, held = level.memory, len(level.memory.visits), level.held
    assert held is not None
    firsts = sorted({slot - slot % SLOTS for slot in slots})
    for block, rows in _blocks(level.grown).items():
        if rows.stop <= since:
            continue
        missing = [first for first in firsts if rows.start < held.get(first, level.grown)]
        found = fetch([f"slots {size} {block} {first}" for first in missing])
        for first in missing:
            shape = min(SLOTS, count - first), rows.stop - rows.start
            arrays = _cut(
                _sound(found, f"slots {size} {block} {first}"),
                *[(np.float32, shape[0] * shape[1])] * (1 + level.weighted),
            )
            part = np.s_[first : first + shape[0], rows]
            memory.amounts[part] = arrays[0].reshape(shape)
            if level.weighted:
                memory.weights[part] = arrays[1].reshape(shape)
    for first in firsts:
        for slot in range(first, min(first + SLOTS, count)):
            held[slot] = min(held.get(slot, since), since)


def _sound(found: Mapping[str, bytes], name: str) -> bytes:
    data = found.get(name, b"")
    if len(data) < 4 or zlib.crc32(memoryview(data)[4:]).to_bytes(4, "little") != data[:4]:
        raise Damaged(name)
    return data[4:]


def _cut(data: bytes, *parts: tuple[Any, int]) -> list[npt.NDArray[Any]]:
    sizes = [np.dtype(kind).itemsize * count for kind, count in parts]
    if sum(sizes) != len(data):
        raise Damaged("a part of another length")
    firsts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [np.frombuffer(data, *part, first).copy() for part, first in zip(parts, firsts, strict=True)]
