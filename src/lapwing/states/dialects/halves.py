"""Engines whose sums of integers have 64 bits: the halves of each row are summed apart."""

from __future__ import annotations

from lapwing.states.dialects.base import Dialect

_LOW = (1 << 32) - 1


class Halves(Dialect):
    def high_half(self, x: str) -> str:
        """Of a 64-bit integer, with its sign."""
        return f"(({x}) >> 32)"

    def low_half(self, x: str) -> str:
        """Never negative."""
        return f"(({x}) & {_LOW})"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        row = self.integer(x)
        if count == 1:
            return (self.integer(f"COALESCE(SUM({row}), 0)"),)
        if count > 2:
            raise self.refused("a sum of 128-bit integers", "its integers have 64 bits")
        low = f"COALESCE(SUM({self.low_half(row)}), 0)"
        high = f"COALESCE(SUM({self.high_half(row)}), 0)"
        return self.integer(f"{high} + {self.high_half(low)}"), self.integer(self.low_half(low))
