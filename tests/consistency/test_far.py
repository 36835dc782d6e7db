"""Every case, and statements of the generator, on the sources that are far: Trino, BigQuery, Snowflake, each alone, and
scattered over all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.consistency.cases import FAR_SPREADS, FILES, Spread, read_cases
from tests.consistency.kept import SOURCES
from tests.consistency.queries import EVERYWHERE, LACKING, data
from tests.consistency.test_cases import check, wrong
from tests.consistency.test_guards import without
from tests.consistency.test_random import ROWS, SEED, run
from tests.consistency.world import World, world

from lapwing.sql import capability

pytestmark = pytest.mark.long


@pytest.mark.parametrize("spread", FAR_SPREADS, ids=lambda spread: spread.name)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_cases_answer_as_plain_duckdb_far_away(nasty_far: World, file: Path, spread: Spread) -> None:
    check(nasty_far, ((case, spread) for case in read_cases(file)))


@pytest.mark.parametrize(
    "guard",
    [
        'if self._trino and one.family is Family.FLOAT and operator in (">", ">="):',
        "if self._trino and one.family is Family.FLOAT and _columns(right):",
    ],
)
def test_without_its_guard_of_nan_a_case_goes_wrong_on_trino(
    nasty_far: World, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capability, "Renderer", without(guard, "if False:").Renderer)
    (alone,) = (one for one in FAR_SPREADS if one.alone == "trino")
    (floats,) = (file for file in FILES if file.stem == "filters_floats")
    assert any(wrong(nasty_far, case, alone) for case in read_cases(floats))


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory, far: dict[str, str]) -> Iterator[World]:
    """The generator's tables in all sources."""
    yield from world(tmp_path_factory.mktemp("everywhere"), far, data(SEED, ROWS), SOURCES, LACKING)


@pytest.mark.parametrize("seed", range(6))
def test_many_statements_over_all_sources_and_far_ones(everywhere: World, seed: int) -> None:
    run(everywhere, seed, 500, EVERYWHERE)
