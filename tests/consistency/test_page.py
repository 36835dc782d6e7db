"""docs/consistency.md says what is so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.consistency.page import page_parts

PAGE = Path(__file__).parents[2] / "docs" / "consistency.md"


@pytest.mark.parametrize("name", page_parts())
def test_the_page_says_what_is_so(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    said = text.partition(f"<!-- {name} -->\n")[2].partition("\n<!-- -->")[0]
    assert said == page_parts()[name]
