"""Names: what may be one, and the nearest valid ones to a wrong one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def nearest(name: str, valid: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The valid names most like `name`, best first; letters' case does not count.

    >>> nearest("cancel_rat", ["cancel_rate", "flights"])
    ('cancel_rate',)
    """
    by_folded = {candidate.casefold(): candidate for candidate in valid}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=most, cutoff=0.6)
    return tuple(by_folded[folded] for folded in found)
