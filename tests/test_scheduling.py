"""What is handed out together is still there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scheduling import LONG, TOGETHER, piece

ROOT = Path(__file__).parent.parent
FILES = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]


@pytest.mark.parametrize("start", [*(start for starts in TOGETHER.values() for start in starts), *LONG])
def test_each_path_is_one(start: str) -> None:
    assert any(file.startswith(start) for file in FILES)


def test_pieces_are_groups_or_files() -> None:
    assert (
        piece("tests/ui/test_sql.py::test_it[a::b]") == piece("tests/ui/test_board.py::test_it") == next(iter(TOGETHER))
    )
    assert piece("tests/test_main.py::test_it") == "tests/test_main.py"
