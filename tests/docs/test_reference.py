"""The pages made from the code are those in docs/reference."""

from __future__ import annotations

import json

import pytest
from tools.reference import FOLDER, made

PAGES = made()


@pytest.mark.parametrize("name", PAGES)
def test_it_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_nothing_else_is_there() -> None:
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()} == set(PAGES)


def test_every_key_says_what_it_means() -> None:
    for name, definition in json.loads(PAGES["schema/project.json"])["$defs"].items():
        for key, value in definition.get("properties", {}).items() if name.endswith("Document") else ():
            assert "$ref" in value or value.get("description"), f"{name}.{key}"
