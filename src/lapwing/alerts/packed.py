"""A judging as it is kept: a head, and its arrays in chunks of buckets, so that a new bucket rewrites the last chunk only."""

from __future__ import annotations

import io
import json
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from lapwing.alerts.chance import Bools
from lapwing.alerts.detect import Detection
from lapwing.alerts.episode import Episode, Step
from lapwing.alerts.incidents import Before, Episodes
from lapwing.alerts.judged import Judged
from lapwing.alerts.measured import measured
from lapwing.alerts.restart import Shift
from lapwing.alerts.resume import Trail
from lapwing.alerts.sweep.swept import Swept
from lapwing.model.dataset import Dataset, Metric
from lapwing.model.monitor import Monitor

FORMAT = 1
LIBRARIES = ("holidays", "numpy")
"""Of other versions of these what was judged may differ, in days or in the last bit: it is judged again."""
CHUNK_CELLS = 1 << 13
"""Series x buckets of a chunk, at least one bucket: some 400 kB before compression."""
_NAMES = ("amount", "exposure", "expected", "lower", "upper", "score", "ready", "alone")
_KINDS = {"lower": np.float32, "upper": np.float32, "ready": np.bool_, "alone": np.bool_}
_OF_BUCKETS = ("starts", "complete", "counted")
BROKEN = (ValueError, KeyError, TypeError, IndexError, EOFError, OSError, BadZipFile, zlib.error)
"""What reading raises where what was kept is damaged, or of an older Lapwing."""


@dataclass(frozen=True, slots=True)
class Packed:
    """`chunks` by the number of their first bucket: those from `since` on, which replace all that was kept from there."""

    head: bytes
    since: int
    chunks: Mapping[int, bytes]


def pack(judged: Judged, same: int = 0) -> Packed:
    """As bytes; the first `same` buckets are kept already. What it is unpacked from is named by the head, which no other
    judging has."""
    buckets = len(judged.borders) - 1
    size = max(CHUNK_CELLS // max(len(judged.slices), 1), 1)
    since = same // size * size
    chunks = {at: _chunk(judged, slice(at, min(at + size, buckets))) for at in range(since, buckets, size)}
    return Packed(_head(judged, size), since, chunks)


def _head(judged: Judged, size: int) -> bytes:
    trail = judged.trail
    said = {
        "format": _format(),
        "name": uuid.uuid4().hex,
        "slices": judged.slices,
        "complete_after": judged.complete_after,
        "end": int(judged.borders[-1]),
        "buckets": len(judged.borders) - 1,
        "size": size,
        "episodes": [[_episode(one) for one in row] for row in judged.episodes],
        "cuts": list(judged.cuts.items()),
        "shares": judged.shares,
        "swept": None if judged.swept is None else judged.swept.pack(),
        "trail": None
        if trail is None
        else {
            "firm": trail.firm,
            "holdings": trail.holdings,
            "effects": trail.effects,
            "shifts": [(row, shift.cut, shift.since) for row, chain in trail.shifts.items() for shift in chain],
        },
    }
    return zlib.compress(json.dumps(said).encode(), 1)


@cache
def _format() -> list[Any]:
    return [FORMAT, *(f"{name} {version(name)}" for name in LIBRARIES)]


def _chunk(judged: Judged, part: slice) -> bytes:
    found, trail, shape = judged.detection, judged.trail, judged.amount.shape
    arrays: dict[str, npt.NDArray[Any]] = {
        "amount": judged.amount,
        "exposure": judged.exposure,
        **{name: getattr(found, name) for name in _NAMES[2:-1]},
        "alone": np.zeros(shape, bool) if found.alone is None else found.alone,
    }
    of_buckets = {
        "starts": judged.borders[:-1],
        "complete": np.zeros(shape[1], bool) if trail is None else trail.complete,
        "counted": np.zeros(shape[1], bool) if trail is None else trail.counted,
    }
    out = io.BytesIO()
    np.savez(
        out,
        allow_pickle=False,
        **{name: array[:, part].astype(_KINDS.get(name, np.float64)) for name, array in arrays.items()},
        **{name: array[part] for name, array in of_buckets.items()},
    )
    return zlib.compress(out.getvalue(), 1)


def unpack(head: bytes, chunks: Mapping[int, bytes], monitor: Monitor, dataset: Dataset, metric: Metric) -> Judged:
    """What `pack` kept. Raises one of BROKEN where it is something else."""
    said = json.loads(zlib.decompress(head))
    if said["format"] != _format():
        raise ValueError(f"a judging of format {said['format']}")
    slices = tuple(tuple((name, value) for name, value in one) for one in said["slices"])
    buckets, size = said["buckets"], said["size"]
    arrays = {name: np.empty((len(slices), buckets), _KINDS.get(name, np.float64)) for name in _NAMES}
    of_buckets = {name: np.empty(buckets, np.int64 if name == "starts" else np.bool_) for name in _OF_BUCKETS}
    for at in range(0, buckets, size):
        with np.load(io.BytesIO(zlib.decompress(chunks[at])), allow_pickle=False) as kept:
            for name, array in (*arrays.items(), *of_buckets.items()):
                array[..., at : min(at + size, buckets)] = kept[name]
    lower, upper = (arrays[name].astype(np.float64) for name in ("lower", "upper"))
    shifts: dict[int, tuple[Shift, ...]] = {}
    trail = said["trail"]
    for row, cut, since in () if trail is None else trail["shifts"]:
        shifts[row] = (*shifts.get(row, ()), Shift(cut, since))
    found: Episodes = tuple(tuple(_as_episode(one) for one in row) for row in said["episodes"])
    return Judged(
        monitor=monitor,
        metric=metric,
        measured=measured(dataset, metric),
        slices=slices,
        borders=np.append(of_buckets["starts"], said["end"]),
        complete_after=said["complete_after"],
        amount=arrays["amount"],
        exposure=arrays["exposure"],
        detection=Detection(arrays["expected"], lower, upper, arrays["score"], arrays["ready"], arrays["alone"]),
        cuts={row: tuple(at) for row, at in said["cuts"]},
        before=Before(found, np.full(len(slices), buckets)),
        shares=tuple((at, share) for at, share in said.get("shares", ())),
        swept=None if said.get("swept") is None else Swept.unpack(said["swept"]),
        trail=None if trail is None else _trail(trail, shifts, of_buckets["complete"], of_buckets["counted"]),
    )


def _trail(said: Mapping[str, Any], shifts: Mapping[int, tuple[Shift, ...]], complete: Bools, counted: Bools) -> Trail:
    return Trail(
        complete=complete,
        counted=counted,
        firm=said["firm"],
        holdings={name: tuple((at, of) for at, of in parts) for name, parts in said["holdings"].items()},
        shifts=shifts,
        effects=tuple(said["effects"]),
    )


def _episode(one: Episode) -> list[Any]:
    return [one.direction, one.first, one.loud, one.resolved, [(step.kind, step.bucket) for step in one.steps]]


def _as_episode(said: list[Any]) -> Episode:
    direction, first, loud, resolved, steps = said
    return Episode(direction, first, tuple(loud), resolved, tuple(Step(kind, bucket) for kind, bucket in steps))
