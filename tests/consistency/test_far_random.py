"""Statements of the generator over all sources, far ones too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.consistency.kept import SOURCES
from tests.consistency.queries import EVERYWHERE, LACKING, data
from tests.consistency.test_random import ROWS, SEED, run
from tests.consistency.world import World, world

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory, far: dict[str, str]) -> Iterator[World]:
    """The generator's tables in all sources."""
    yield from world(tmp_path_factory.mktemp("everywhere"), far, data(SEED, ROWS), SOURCES, LACKING)


@pytest.mark.parametrize("seed", range(6))
def test_many_statements_over_all_sources_and_far_ones(everywhere: World, seed: int) -> None:
    run(everywhere, seed, 500, EVERYWHERE)
