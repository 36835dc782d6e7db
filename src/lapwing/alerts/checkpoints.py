"""Which of all moments of a history what the model remembers is kept of: few, and more of them towards its end."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np

from lapwing.alerts.online.memory import Memory
from lapwing.alerts.restart import Checkpoint, Shift

MOST_BYTES = 16 << 20
"""What the checkpoints of one monitor may take together, as long as there is the newest."""


def wanted(buckets: int, most: int) -> frozenset[int]:
    """After how many buckets, of so many, what is remembered is kept: the newest, and of powers of a base the last two
    multiples, so that whoever goes back by n buckets judges few times as many anew. One bucket later all are the same or
    the newest. The base is the smallest that makes it `most` or fewer.

    >>> sorted(wanted(100, 20))
    [64, 80, 88, 96, 98, 99, 100]
    >>> sorted(wanted(100, 5))
    [64, 80, 96, 99, 100]
    """
    for step in range(1, max(buckets.bit_length(), 1) + 1):
        powers = (1 << place for place in range(0, buckets.bit_length(), step))
        last = ((buckets - buckets % power, power) for power in powers)
        found = frozenset(at for end, power in last for at in (end, end - power) if at > 0)
        if len(found) <= most:
            return found
    return frozenset({buckets} if buckets else ())


def newest(buckets: Iterable[int], most: int) -> int | None:
    """The last one that is not after `most` buckets."""
    return max((one for one in buckets if one <= most), default=None)


def pack(checkpoint: Checkpoint) -> bytes:
    """As bytes: each memory, and which series and shifts the others are of."""
    shifted = sorted(checkpoint.shifted.items())
    out = io.BytesIO()
    np.savez(
        out,
        allow_pickle=False,
        buckets=np.int64(checkpoint.buckets),
        whole=np.frombuffer(checkpoint.whole.pack(), np.uint8),
        rows=np.array([(row, shift.cut, shift.since) for row, (chain, _) in shifted for shift in chain], np.int64),
        **{f"row {row}": np.frombuffer(memory.pack(), np.uint8) for row, (_, memory) in shifted},
    )
    return out.getvalue()


def unpack(data: bytes) -> Checkpoint:
    """What `pack` made. Raises ValueError, KeyError, EOFError or BadZipFile where it is something else."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        chains: dict[int, tuple[Shift, ...]] = {}
        for row, cut, since in kept["rows"].reshape(-1, 3).tolist():
            chains[row] = (*chains.get(row, ()), Shift(cut, since))
        return Checkpoint(
            buckets=int(kept["buckets"]),
            whole=Memory.unpack(kept["whole"].tobytes()),
            shifted={row: (chain, Memory.unpack(kept[f"row {row}"].tobytes())) for row, chain in chains.items()},
        )
