"""Any statement over any mixture of sources gives what plain DuckDB gives over one copy of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from tests.consistency.queries import LACKING, SOURCES, Generator, Query, data
from tests.consistency.world import World, world

from lapwing.model.problem import LapwingError

ROWS = 60
SEED = 2013


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory, near: dict[str, str]) -> Iterator[World]:
    """The same tables in all sources."""
    folder = tmp_path_factory.mktemp("everywhere")
    yield from world(folder, near, data(SEED, ROWS), SOURCES, LACKING)


def tuples(table: pa.Table, digits: int) -> list[tuple[object, ...]]:
    """The rows; both zeros are one (`-x` makes the other), because they are equal and so in any order."""
    columns = (
        [float(f"{cell:.{digits}g}") + 0.0 if isinstance(cell, float) else cell for cell in one.to_pylist()]
        for one in table
    )
    return list(zip(*columns, strict=True))


def differs(world: World, query: Query) -> str | None:
    """None where the answers are the same, else how they differ."""
    world.truth.execute(f"set TimeZone = '{query.zone}'").fetchall()
    try:
        plain = world.truth.sql(query.plain).to_arrow_table()
    except duckdb.Error as error:
        plain, wrong = None, str(error).splitlines()[0]
    try:
        with world.sql.run(query.text, zone=query.zone) as running:
            table = pa.Table.from_batches(list(running), running.schema)
        if world.seen("generated", running.plan):
            return None
    except LapwingError as error:
        return None if plain is None else f"refused: {error}"
    if plain is None:
        return f"plain DuckDB refuses it: {wrong}"
    if table.schema != plain.schema:
        return f"got {table.schema}\nnot {plain.schema}"
    # The last digits of a mean are DuckDB's own choice: others, where a sum of the same stands beside it.
    digits = 14 if "avg(" in query.text else 17
    got, wanted = tuples(table, digits), tuples(plain, digits)
    if query.limit is not None:
        extra = Counter(map(repr, got)) - Counter(map(repr, wanted))
        right = len(got) == min(query.limit, len(wanted)) and not extra
    elif query.ordered:
        right = list(map(repr, got)) == list(map(repr, wanted))
    else:
        right = Counter(map(repr, got)) == Counter(map(repr, wanted))
    return None if right else f"got {got[:5]} of {len(got)}\nnot {wanted[:5]} of {len(wanted)}"


def run(world: World, seed: int, count: int, sources: tuple[str, ...] = SOURCES) -> None:
    generator = Generator(seed, sources)
    for number in range(count):
        query = generator.query()
        told = f"seed {seed}, query {number}, in {query.zone}:\n{query.text}"
        try:
            how = differs(world, query)
        except BaseException as error:  # also what breaks a run off says where it was
            error.add_note(told)
            raise
        if how is not None:
            pytest.fail(f"{told}\n{how}\n{explained(world, query)}", pytrace=False)


def explained(world: World, query: Query) -> str:
    """How it is answered; a source that is in trouble must not hide what the trouble was."""
    try:
        return world.sql.explain(query.text, zone=query.zone)
    except LapwingError as error:
        return f"which nobody explains: {error}"


def test_statements_over_all_sources(everywhere: World) -> None:
    run(everywhere, SEED, 120)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_many_statements_over_all_sources(everywhere: World, seed: int) -> None:
    run(everywhere, seed, 500)
