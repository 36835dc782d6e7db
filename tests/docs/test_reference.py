"""The pages made from the code are those in docs/reference."""

from __future__ import annotations

import json

import pytest
from tools.reference import FOLDER, made

THERE = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


@pytest.fixture(scope="module", name="pages")
def _pages() -> dict[str, str]:
    return made()


@pytest.mark.parametrize("name", THERE)
def test_it_is_up_to_date(name: str, pages: dict[str, str]) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == pages[name], "run `make docs`"


def test_nothing_else_is_there_and_nothing_is_missing(pages: dict[str, str]) -> None:
    assert set(THERE) == set(pages)


def test_every_key_says_what_it_means(pages: dict[str, str]) -> None:
    for name, definition in json.loads(pages["schema/project.json"])["$defs"].items():
        for key, value in definition.get("properties", {}).items() if name.endswith("Document") else ():
            assert "$ref" in value or value.get("description"), f"{name}.{key}"
