"""The example's files, spoilt key by key: there is always a problem at that key, and never a stack trace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lapwing.model.load import check_files
from lapwing.model.positions import Location, read
from lapwing.model.problem import Problem

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"
FILES = ("lapwing.yaml", "datasets/flights.yaml")
NAMED = {"sources", "joins", "dimensions", "measures", "metrics", "rollups", "monitors", "on", "slice"}
"""Under these people's own names stand."""


def parsed(file: str) -> dict[str, Any]:
    located, problems = read(EXAMPLE / file, file)
    assert located is not None
    assert not problems
    return json.loads(json.dumps(located.data))  # type: ignore[no-any-return]


DATA = {file: parsed(file) for file in FILES}


def keys(value: Any, at: Location = ()) -> Iterator[Location]:
    """Every key and item."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from keys(item, (*at, key))


PLACES = [(file, location) for file in FILES for location in keys(DATA[file])]
OURS = [(file, at) for file, at in PLACES if isinstance(at[-1], str) and not (len(at) > 1 and str(at[-2]) in NAMED)]


def spoilt(folder: Path, file: str, at: Location, key: str | None, value: Any) -> tuple[Problem, ...]:
    """The problems with the key at that place renamed (None: removed), and its value replaced."""
    data = json.loads(json.dumps(DATA))
    parent: Any = data[file]
    for step in at[:-1]:
        parent = parent[step]
    last = at[-1]
    if not isinstance(parent, dict):
        parent[last] = value
    else:
        # In its place, so that order alone is never what matters.
        changed = {(key if name == last else name): (value if name == last else item) for name, item in parent.items()}
        changed.pop(None, None)
        parent.clear()
        parent.update(changed)
    (folder / "datasets").mkdir(exist_ok=True)
    for name, content in data.items():
        (folder / name).write_text(json.dumps(content, indent=1))
    project, problems = check_files(folder, {})
    assert (project is None) == bool(problems)
    for problem in problems:
        assert problem.place
        assert problem.place.file in FILES
        assert problem.place.line
    return problems


def item(file: str, at: Location) -> Any:
    value: Any = DATA[file]
    for step in at:
        value = value[step]
    return value


@pytest.mark.parametrize(("file", "at"), sorted({(file, at[-1]): (file, at) for file, at in OURS}.values(), key=str))
def test_a_misspelt_key(tmp_path: Path, file: str, at: Location) -> None:
    problems = spoilt(tmp_path, file, at, f"{at[-1]}x", item(file, at))
    (unknown,) = [problem for problem in problems if problem.code == "unknown-key"]
    assert unknown.nearest[0] == at[-1]
    assert unknown.place
    assert (unknown.place.file, str(unknown.place.key).split(".")[-1]) == (file, f"{at[-1]}x")


WRONG = [{"zzz": ["x"]}, [[["x"]]], [{"a": 1}]]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=st.sampled_from(WRONG))
def test_a_value_of_the_wrong_shape(tmp_path: Path, place: tuple[str, Location], value: Any) -> None:
    file, at = place
    problems = spoilt(tmp_path, file, at, str(at[-1]), value)
    assert [problem for problem in problems if problem.place and problem.place.file == file]


VALUES: list[Any] = [
    None,
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    "zzz.yyy",
    "1 / 0",
    "count(*)",
    "*",
    "now",
    "é" * 80,
    "a: b",
    '"',
    "'",
]


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(PLACES),
    key=st.none() | st.sampled_from(["", "x", "a b", "é", "0"]),
    value=st.sampled_from(VALUES),
)
def test_anything_is_problems_or_a_project(
    tmp_path: Path, place: tuple[str, Location], key: str | None, value: Any
) -> None:
    file, at = place
    for name in (key, str(at[-1])):
        spoilt(tmp_path, file, at, name, value)
