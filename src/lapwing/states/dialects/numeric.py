"""Engines whose wide numbers are decimals without bit operations: sums are cut into limbs by division."""

from __future__ import annotations

from lapwing.states.dialects.base import Dialect

_HALF = 1 << 64


class Numeric(Dialect):
    def constant(self, value: int) -> str:
        """A wide whole number."""
        return str(value)

    def divided(self, top: str, bottom: int) -> str:
        """A division that leaves nothing over."""
        return f"DIV({top}, {self.constant(bottom)})"

    def wide(self, x: str) -> str:
        """A 64-bit integer as a decimal whose square fits."""
        return f"CAST({x} AS DECIMAL(19,0))"

    def sum_limbs(self, x: str, count: int) -> tuple[str, ...]:
        return self.cut(f"SUM({x})", count)

    def cut(self, total: str, count: int) -> tuple[str, ...]:
        wide = f"COALESCE({total}, {self.constant(0)})"
        if count == 1:
            return (self.integer(wide),)
        whole = 1 << (32 * (count - 1))
        low = self._floor_remainder(wide, whole)
        limbs = [self.divided(f"({wide} - {low})", whole)]
        for index in range(count - 2, -1, -1):
            part = low if index == count - 2 else f"MOD({low}, {self.constant(1 << (32 * (index + 1)))})"
            limbs.append(self._quotient(part, 1 << (32 * index)) if index else part)
        return tuple(self.integer(limb) for limb in limbs)

    def square_limbs(self, y: str) -> tuple[str, ...]:
        # Summed in halves: a few squares would pass 38 digits.
        square = f"({self.wide(y)} * {self.wide(y)})"
        rest = f"MOD({square}, {self.constant(_HALF)})"
        low = f"COALESCE(SUM({rest}), {self.constant(0)})"
        high = f"(SUM({self.divided(f'({square} - {rest})', _HALF)}) + {self._quotient(low, _HALF)})"
        return *self.cut(high, 2), *self.cut(f"MOD({low}, {self.constant(_HALF)})", 2)

    def _quotient(self, x: str, bottom: int) -> str:
        """Of a number that is not negative, cut."""
        return self.divided(f"({x} - MOD({x}, {self.constant(bottom)}))", bottom)

    def _floor_remainder(self, x: str, whole: int) -> str:
        # The remainder takes the sign of what is divided: once more makes it the one that floor division leaves.
        constant = self.constant(whole)
        return f"MOD(MOD({x}, {constant}) + {constant}, {constant})"
