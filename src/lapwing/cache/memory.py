"""The memory of a build: how much the engine may take of it, and how much our own buffers.

The engine spills what is more. Our own buffers are cut to their share: batches pass one by one, and a coarser rollup that
would take more than its part while it is folded is built by a statement of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lapwing.model.problem import WrongUse
from lapwing.model.size import shown_size

_MB: Final = 1_000_000
_PROCESS: Final = 170 * _MB
"""Python, Arrow, the engine's and the drivers' code, before the first row."""
_BUFFERS: Final = 40 * _MB
"""Of one stretch of partitions at work: batches on their way, and the rows that wait for the store."""
_LEAST_ENGINE: Final = 80 * _MB
_ENGINE_SHARE: Final = 0.7
"""Of what is left. The engine's limit is not for all that it takes: results leave it as Arrow."""


@dataclass(frozen=True, slots=True)
class Memory:
    """`engine`: the limit of the engine. `fold`: what the coarser rollups of one stretch may take together. Bytes."""

    engine: int
    fold: int


def shared_out(total: int, parallel: int) -> Memory:
    """The shares of a build that works on `parallel` stretches at once: more of them share the same total.

    Raises:
        WrongUse: it is too little; says what is needed.
    """
    left = total - _PROCESS - parallel * _BUFFERS
    engine = int(_ENGINE_SHARE * left)
    if engine < _LEAST_ENGINE:
        least = int(_LEAST_ENGINE / _ENGINE_SHARE) + 1 + _PROCESS + parallel * _BUFFERS
        at_once = f" {parallel} stretches at once" if parallel > 1 else ""
        raise WrongUse.of(
            "too-little-memory",
            f"{shown_size(total)} is too little to build{at_once}: {-(-least // _MB)}MB is the least.",
            hint="Give it more, or build fewer stretches at once (--parallel)." if parallel > 1 else "Give it more.",
        )
    return Memory(engine, (left - engine) // parallel)
