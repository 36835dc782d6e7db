"""The user's statement as text whose parts can be replaced, and from whose positions one finds back.

The statement that runs is the user's own, letter by letter; only the names of tables are replaced by what stands for
them. So an error at some byte of the running text has a line and a column in what the user wrote.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from lapwing.model.problem import Place


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes `start` to `end` of the UTF-8 text are to become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Edited:
    """`text` after `edits` (in order, without overlap) of `original`."""

    original: str
    text: str
    edits: tuple[Edit, ...]

    def place(self, offset: int) -> Place:
        """Where byte `offset` of the edited text is in the original: inside a replacement, where that begins."""
        shift = 0
        for edit in self.edits:
            begins = edit.start + shift
            length = len(edit.text.encode())
            if offset < begins:
                break
            if offset < begins + length:
                return place(self.original, edit.start)
            shift += length - (edit.end - edit.start)
        return place(self.original, offset - shift)


def apply(original: str, edits: tuple[Edit, ...]) -> Edited:
    """The text with `edits` done."""
    data = original.encode()
    ordered = tuple(sorted(edits, key=lambda edit: edit.start))
    parts: list[bytes] = []
    done = 0
    for edit in ordered:
        parts += [data[done : edit.start], edit.text.encode()]
        done = edit.end
    parts.append(data[done:])
    return Edited(original, b"".join(parts).decode(), ordered)


class Letters:
    """Where the letters of a text are among its bytes; one look does not get longer with the text."""

    def __init__(self, text: str) -> None:
        plain = text.isascii()
        self._starts = None if plain else list(accumulate((len(one.encode()) for one in text), initial=0))

    def byte(self, letter: int) -> int:
        """The byte at which it begins."""
        return letter if self._starts is None else self._starts[letter]

    def letter(self, byte: int) -> int:
        """The letter that begins there, or next."""
        return byte if self._starts is None else bisect_left(self._starts, byte)

    def edit(self, start: int, end: int, by: str) -> Edit:
        """Letters `start` to `end` are to become `by`."""
        return Edit(self.byte(start), self.byte(end), by)


def place(text: str, offset: int) -> Place:
    """Line and column (in characters, from 1) of byte `offset`."""
    before = text.encode()[:offset].decode(errors="ignore")
    return Place(line=before.count("\n") + 1, column=len(before) - (before.rfind("\n") + 1) + 1)


def offset(text: str, line: int, column: int) -> int:
    """The byte at a line and a column; undoes `place`."""
    lines = text.split("\n")[:line]
    before = "\n".join([*lines[:-1], lines[-1][: column - 1]])
    return len(before.encode())
