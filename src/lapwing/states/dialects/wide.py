"""Engines with integers of more than 64 bits: sums are cut into limbs by shifting them."""

from __future__ import annotations

from lapwing.states.dialects.base import Dialect

_LOW = (1 << 32) - 1
_HALF = (1 << 64) - 1


class Wide(Dialect):
    def wide(self, x: str) -> str:
        """An integer of at least 128 bits."""
        raise NotImplementedError

    def shifted(self, x: str, bits: int) -> str:
        """A wide integer shifted right, with its sign."""
        return f"({x} >> {bits})"

    def masked(self, x: str, mask: int) -> str:
        return f"({x} & {mask})"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        return self.cut(f"SUM({x})", count)

    def cut(self, total: str, count: int) -> tuple[str, ...]:
        wide = self.wide(f"COALESCE({total}, 0)")
        if count == 1:
            return (self.integer(wide),)
        top = 32 * (count - 1)
        lower = (self.masked(self.shifted(wide, bits), _LOW) for bits in range(top - 32, -1, -32))
        return (self.integer(self.shifted(wide, top)), *(self.integer(limb) for limb in lower))

    def square_limbs(self, y: str) -> tuple[str, ...]:
        # Summed in halves: a few squares would pass 128 bits.
        square = f"({self.wide(y)} * {y})"
        low = self.wide(f"COALESCE(SUM({self.masked(square, _HALF)}), 0)")
        carried = self.wide(f"COALESCE(SUM({self.shifted(square, 64)}), 0)")
        high = f"({carried} + {self.shifted(low, 64)})"
        parts = (
            self.shifted(high, 32),
            self.masked(high, _LOW),
            self.masked(self.shifted(low, 32), _LOW),
            self.masked(low, _LOW),
        )
        return tuple(self.integer(part) for part in parts)
