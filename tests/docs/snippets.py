"""The code blocks of the documentation."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("README.md", "docs/*.md", "docs/decisions/*.md", "examples/*/README.md")
    for path in ROOT.glob(pattern)
)
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Snippet:
    """One block. `language` is its info string: sh and yaml are tried; text is only shown."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def commands(self) -> list[list[str]]:
        """The commands of a shell block, comments left out."""
        found: list[list[str]] = []
        pending = ""
        for line in self.text.splitlines():
            pending += line + "\n"
            if pending.count('"') % 2 == 0:
                words = shlex.split(pending, comments=True)
                found += [words] if words else []
                pending = ""
        assert not pending, f"{self}: a quote is open"
        return found


def snippets(*languages: str) -> list[Snippet]:
    """All blocks in these languages."""
    return [
        Snippet(path.relative_to(ROOT).as_posix(), text[: match.start()].count("\n") + 1, match[2], dedent(match))
        for path in PAGES
        for text in [path.read_text(encoding="utf-8")]
        for match in _BLOCK.finditer(text)
        if match[2] in languages
    ]


def dedent(match: re.Match[str]) -> str:
    return re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)
