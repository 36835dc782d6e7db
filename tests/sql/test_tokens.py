"""What is passed over when signs are looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.server.postgres.scan import tokens
from lapwing.sql.depth import check_depth
from lapwing.sql.parameters import found
from lapwing.sql.text import Letters
from lapwing.sql.tokens import scanner

PARTS = ["'", '"', "$a$", "$$", "e'", "\\", "--", "\n", "/*", "*/", "?", "a", " ", "ü"]


def signs(text: str) -> list[int]:
    return [one.start() for one in scanner(r"(?P<mark>[?])").finditer(text) if one.lastgroup == "mark"]


def by_hand(text: str) -> list[int]:
    """The same, letter by letter."""
    at, marks = 0, []
    while at < len(text):
        before, rest = text[:at], text[at:]
        if rest[:2] in ("e'", "E'"):
            at = _quoted(text, at + 2, "'", escapes=True)
        elif rest[0] in "'\"":
            at = _quoted(text, at + 1, rest[0], escapes=False)
        elif rest.startswith("--"):
            at += (rest + "\n").index("\n")
        elif rest.startswith("/*"):
            at = _after(text, "*/", at + 2)
        elif not (before[-1:].isalnum() or (before[-1:] in ("_", "$") and before)) and (tag := _tag(rest)):
            at = _after(text, tag, at + len(tag))
        else:
            marks += [at] * (rest[0] == "?")
            at += 1
    return marks


def _tag(rest: str) -> str | None:
    return next((tag for tag in ("$$", "$a$") if rest.startswith(tag)), None)


def _after(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return len(text) if found < 0 else found + len(end)


def _quoted(text: str, at: int, quote: str, *, escapes: bool) -> int:
    while at < len(text):
        if (text[at] == "\\" and escapes) or text[at : at + 2] == quote * 2:
            at += 2
        elif text[at] == quote:
            return at + 1
        else:
            at += 1
    return len(text)


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_signs_outside_of_texts_names_and_comments_are_found(text: str) -> None:
    assert signs(text) == by_hand(text)


@pytest.mark.parametrize(
    "text",
    [
        '"' + "a." * 500_000,
        "/*" * 500_000,
        "".join(f"$a{i}$ " for i in range(140_000)),
        "'a" * 500_001,
        '"a".' * 250_000,
    ],
    ids=["dots", "comments", "tags", "quotes", "names"],
)
def test_what_is_left_open_keeps_nobody_busy(text: str) -> None:
    """Each letter is passed once: anything else would take hours of these."""
    assert found(text) == []
    assert [one.kind for one in tokens(text)] == []
    check_depth(text)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_letters_and_bytes(text: str) -> None:
    letters = Letters(text)
    for at in range(len(text) + 1):
        assert letters.byte(at) == len(text[:at].encode())
        assert letters.letter(letters.byte(at)) == at
