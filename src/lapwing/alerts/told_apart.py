"""Which columns of a file are dimensions, where nobody says so: those that tell rows apart, and not what was measured.

A file has one row for each moment and combination of values. So a column of numbers that the rows of a moment can do without to
be told apart, and that mostly changes from one moment to the next, is a measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from lapwing.alerts.numerals import numbers_in
from lapwing.alerts.slicing.leaves import Ints

Values = Sequence[str | None]
CHANGES = 0.5
"""Share of the steps from one moment to the next that have another value, from which on a column is a measure."""


def measures(columns: Mapping[str, tuple[Values, Ints]], when: Ints) -> list[str]:
    """Names of columns that are measures. `columns`: the values of each, and of each row its place among them; `when`: of each
    row the number of its moment."""
    numeric = [name for name, (values, _) in columns.items() if _numbers(values)]
    names = [code for name, (_, code) in columns.items() if name not in numeric]
    found = [name for name in numeric if _changes(_numbered(names, len(when)), when, columns[name][1])]
    for name in sorted(set(numeric) - set(found), key=lambda one: (-len(columns[one][0]), one)):
        others = [code for other, (_, code) in columns.items() if other not in (name, *found)]
        if _changes(_numbered(others, len(when)), when, columns[name][1]):
            found.append(name)
    return found


def _numbers(values: Values) -> bool:
    found = numbers_in([value or "" for value in values])
    return None not in found and any(one is not None and isfinite(one) for one in found)


def _numbered(codes: Sequence[Ints], rows: int) -> Ints:
    """(rows,): which combination of values each has."""
    leaf = np.zeros(rows, np.int64)
    for code in codes:
        _, leaf = np.unique(leaf * (int(code.max(initial=0)) + 1) + code, return_inverse=True)
        leaf = leaf.reshape(-1)
    return leaf


def _changes(leaf: Ints, when: Ints, code: Ints) -> bool:
    """Whether there is one value in each moment of a leaf, and mostly another one in the next."""
    moments, values = int(when.max(initial=0)) + 1, int(code.max(initial=0)) + 1
    rows, first = np.unique(leaf * moments + when, return_index=True)
    if len(np.unique((leaf * moments + when) * values + code)) > len(rows):
        return False
    leaf, code = leaf[first], code[first]
    steps = leaf[1:] == leaf[:-1]
    changed = steps & (code[1:] != code[:-1])
    return bool(np.count_nonzero(changed) > CHANGES * np.count_nonzero(steps))
