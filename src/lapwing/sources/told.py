"""Errors of ours that pass through the engine, which keeps nothing but their text, and of that as much as it likes.

So the text is a number, and the errors are kept here for who reads it: their class says whose fault it is, and with that
the status and the code at every door.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from copy import copy
from itertools import count
from typing import Final

from lapwing.model.problem import LapwingError

_SAYS: Final = re.compile(r"lapwing says no\. (\d+)\.")
_KEPT: Final = 1_000
"""Errors on their way at once; each comes out within a moment, if at all."""
_numbers: Final = count()
_errors: Final[OrderedDict[int, LapwingError]] = OrderedDict()
_lock: Final = threading.Lock()


class Told(OSError):
    """An error of ours on its way through the engine."""

    def __init__(self, error: LapwingError) -> None:
        kept = copy(error)  # without its trace, which would keep all that was at work
        vars(kept).update(vars(error))
        with _lock:
            number = next(_numbers)
            _errors[number] = kept
            while len(_errors) > _KEPT:
                _errors.popitem(last=False)
        super().__init__(f"lapwing says no. {number}.")


def told(text: str) -> LapwingError | None:
    """The error that the text of one of the engine's stands for."""
    found = _SAYS.search(text)
    with _lock:
        return _errors.get(int(found[1])) if found else None
