"""Whatever is written, a statement is answered or told what is wrong with it, and where; and it changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consistency.mangled import REACHING, statements
from tests.consistency.world import DATA, World, world

from lapwing.model.problem import LapwingError, Problem
from lapwing.sources.engine import map_error
from lapwing.sql import plan

SECONDS = 3.0
PLACED = (
    "syntax",
    "unknown-",
    "not-a-query",
    "one-statement",
    "function-refused",
    "table-function-refused",
    "parameter",
)


@pytest.fixture(scope="module", name="shop")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The nasty data in the sources that need no server."""
    folder = tmp_path_factory.mktemp("fuzz")
    for made in world(folder, {}, DATA.read_text(encoding="utf-8"), ("own", "lite", "parquet", "csvs")):
        with made.sql.limited(400_000_000):
            yield made


def problems(shop: World, text: str) -> tuple[int, tuple[Problem, ...]]:
    """The status that HTTP would tell, and what is wrong."""
    try:
        shop.sql.table(text, time_limit=SECONDS)
    except LapwingError as error:
        return error.status, error.problems
    return 200, ()


def wrong(shop: World, text: str) -> str | None:
    """What is wrong with how the statement is answered."""
    began = time.monotonic()
    status, found = problems(shop, text)
    if time.monotonic() - began > 60:
        return "it hangs"
    if status in (500, 502) and found[0].code != "memory-limit":
        return f"{status}: {found[0]}"
    for one in found:
        if not one.message or "Traceback" in str(one) or "INTERNAL" in str(one):
            return f"it tells {one}"
        if (
            one.code.startswith(PLACED)
            and one.place is None
            and not one.message.startswith(("There is no type", "There is no collation"))
        ):
            return f"there is no place in {one.code}: {one}"
    return None


def run(shop: World, seed: int, count: int) -> None:
    found = []
    for _, text in zip(range(count), statements(seed), strict=False):
        told = wrong(shop, text)
        if told is not None:
            found.append(f"{text!r}\n    {told}")
    if found:
        pytest.fail(f"{len(found)} are answered wrongly:\n" + "\n".join(found[:20]), pytrace=False)


def seen(shop: World) -> Counter[str]:
    """What lies in the folder, and what a table holds."""
    folder: Path = shop.sql.project.state_path.parent
    names = Counter(str(path.relative_to(folder)) for path in folder.rglob("*"))
    names["rows"] = shop.sql.table("select count(*) as n from own.words")["n"][0].as_py()
    return names


@pytest.fixture(autouse=True)
def _brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "PLANNING_TIME_LIMIT", SECONDS)


def test_mangled_statements(shop: World) -> None:
    before = seen(shop)
    run(shop, 1, 300)
    assert seen(shop) == before


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_hundred_thousand_mangled_statements(shop: World, seed: int) -> None:
    before = seen(shop)
    run(shop, seed, 10_000)
    assert seen(shop) == before


FOUND = (
    "select id, 'x' ||| s || 'y' from own.words",
    "select json_deserialize_sql('0101'::bit) from parquet.lists",
    "select variant_group_array('0101'::bit) from parquet.lists",
    "select from_json(array_aggregate(array_agg(id), '🐦'), 'a').a from lite.words",
)
"""What the long runs found, each once."""


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found(shop: World, text: str) -> None:
    assert wrong(shop, text) is None


@pytest.mark.parametrize("text", REACHING)
def test_what_reaches_out_is_refused(shop: World, text: str) -> None:
    status, found = problems(shop, text.format(t="own.words", f="reached.file"))
    assert status in (400, 403, 404, 422), found
    assert found[0].code in {
        "not-a-query", "one-statement", "function-refused", "table-function-refused", "unknown-table", "syntax",
        "unknown-source",
    }  # fmt: skip
    assert found[0].place is not None


DEEP = {
    "parentheses": "select " + "(" * 10_000 + "1" + ")" * 10_000,
    "open parentheses": "select " + "(" * 10_000,
    "subqueries": "select * from " + "(select * from " * 2_000 + "own.nums" + ")" * 2_000,
    "lists": "select " + "[" * 5_000 + "]" * 5_000,
    "calls": "select " + "abs(" * 5_000 + "1" + ")" * 5_000,
    "not": "select " + "not " * 10_000 + "true",
    "minus": "select " + "- " * 10_000 + "1",
    "sums": "select " + "+".join(["1"] * 10_000),
    "conditions": "select id from own.nums where " + " or ".join(f"id = {n} and k < {n}" for n in range(100)),
    "unions": " union all ".join(["select 1"] * 2_000),
    "a long list": f"select id from own.nums where id in ({', '.join(map(str, range(20_000)))})",
    "long rows": f"values ({', '.join(['1'] * 3_000)})",
    "a long text": f"select '{'é' * 100_000}' as a",
    "a long name": f"select id as {'a' * 100_000} from own.nums",
    "a long number": f"select {'9' * 10_000}",
    "a long comment": f"/*{'x' * 100_000}*/ select 1",
    "an open comment": "select 1 /* " + "x" * 10_000,
    "an open text": "select '" + "x" * 10_000,
    "zero bytes": "select '\0', \0 from own.nums",
    "casts": "select 1" + "::int" * 5_000,
    "cases": "select " + "case when true then " * 1_000 + "1" + " end" * 1_000,
    "metrics": "select " + "(" * 400 + "1" + ")" * 400 + " as metrics",
    "tables": "select 1 from " + ", ".join(f"own.void t{n}" for n in range(120)),
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_long(shop: World, name: str) -> None:
    assert wrong(shop, DEEP[name]) is None


def test_a_message_that_was_cut_within_a_letter_is_read() -> None:
    cut = b"Conversion Error: Could not convert string '\xc3"
    error = map_error(UnicodeDecodeError("utf-8", cut, len(cut) - 1, len(cut), "unexpected end of data"))
    assert (error.status, error.problems[0].code) == (400, "conversion")
