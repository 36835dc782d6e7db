"""Statements that are too long or nested too deeply are refused, before parsers spend minutes on them or run out of room.

The engine's parser takes eight times as long for twice as many open parentheses: a second for 1,600 of them, minutes
for 10,000, and no time limit breaks it off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lapwing.model.problem import WrongUse
from lapwing.sql.text import place
from lapwing.sql.tokens import scanner

MOST = 500
LONGEST = 1_000_000
"""Letters: the engine's tree of a statement has 30 times as many, and of 4 million it takes half a minute and has no room."""
_BRACKETS = scanner(r"(?P<bracket>[()\[\]{}])")


def check_length(text: str) -> None:
    """
    Raises:
        WrongUse: it has more than `LONGEST` letters.
    """
    if len(text) > LONGEST:
        says = f"The statement has {len(text):,} letters, and {LONGEST:,} is the most that is read."
        raise WrongUse.of("too-long", says, hint="Join a table that holds the values in the place of a list of them.")


def check_depth(text: str) -> None:
    """
    Raises:
        WrongUse: more than `MOST` brackets are open at once.
    """
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in ("(", "[", "{"):
            depth += 1
        elif found[0] in (")", "]", "}"):
            depth = max(0, depth - 1)
        if depth > MOST:
            says = f"The statement is nested too deeply: more than {MOST} brackets are open here."
            raise WrongUse.of("too-deep", says, place=place(text, len(text[: found.start()].encode())))


@contextmanager
def within_depth() -> Iterator[None]:
    """Inside it, a statement whose tree is too deep to be walked is an error like others.

    Raises:
        WrongUse: then.
    """
    try:
        yield
    except RecursionError as error:
        hint = "Write long chains of OR as IN lists, and sums of many parts as sum()."
        raise WrongUse.of("too-deep", "The statement is nested too deeply.", hint=hint) from error
