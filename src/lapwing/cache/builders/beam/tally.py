"""Whether all blocks that readers sent have come to writers, each once: a runner that loses one would make numbers smaller in
silence.

Beside their blocks readers send, to each version, the sum of the digests of its blocks; writers send the same with the
other sign. All sums of a version, modulo 2^64, make 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import xxhash

_SUM: Final = b"S"
_HEADS: Final = b"H"
_BITS: Final = (1 << 64) - 1


class Lost(Exception):
    """A runner lost blocks, or gave some twice."""


class Tally:
    """The sum of the digests of some blocks."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, block: bytes) -> None:
        self._sum += xxhash.xxh3_64_intdigest(block)

    def sent(self) -> bytes:
        """The message of a reader."""
        return _SUM + (self._sum & _BITS).to_bytes(8, "little")

    def came(self) -> bytes:
        """The message of a writer."""
        return _SUM + (-self._sum & _BITS).to_bytes(8, "little")


def heads(block: bytes) -> bytes:
    """Heads as a message."""
    return _HEADS + block


def heads_of(messages: Iterable[bytes], what: str) -> list[bytes]:
    """The heads among the messages of a version.

    Raises:
        Lost: the sums don't make 0.
    """
    found: list[bytes] = []
    total = 0
    for message in messages:
        if message.startswith(_HEADS):
            found.append(message[1:])
        else:
            total += int.from_bytes(message[1:], "little")
    if total & _BITS:
        raise Lost(f"the runner lost blocks of {what}, or gave some twice")
    return found
