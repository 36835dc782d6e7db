"""What every store takes: keys of 1 to 480 bytes, values of at most 8 MiB."""

from __future__ import annotations

from lapwing.cache.keys import MOST_BYTES
from lapwing.model.problem import LapwingError, StoreError

MOST_VALUE_BYTES = 8 << 20


def check_key(key: bytes) -> bytes:
    """`key` itself.

    Raises:
        StoreError: it is empty or too long.
    """
    if not 1 <= len(key) <= MOST_BYTES:
        raise StoreError.of("key-too-long", f"A key of {len(key)} bytes; the store takes 1 to {MOST_BYTES}.")
    return key


def check_value(value: bytes) -> bytes:
    """`value` itself.

    Raises:
        StoreError: it is too long.
    """
    if len(value) > MOST_VALUE_BYTES:
        raise StoreError.of(
            "value-too-long",
            f"A value of {len(value)} bytes; the store takes up to {MOST_VALUE_BYTES}.",
            hint="Use a shorter partition for the rollup.",
        )
    return value


def closed() -> LapwingError:
    """The error of using a closed store."""
    return StoreError.of("store-closed", "The rollup store was closed.")
