"""Every case scattered over all sources, far ones too."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.consistency.cases import FAR_SCATTERED, FILES, Spread, read_cases
from tests.consistency.test_cases import check
from tests.consistency.world import World

pytestmark = pytest.mark.long


@pytest.mark.parametrize("spread", FAR_SCATTERED, ids=lambda spread: spread.name)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_cases_answer_as_plain_duckdb_scattered_far(nasty_far: World, file: Path, spread: Spread) -> None:
    check(nasty_far, ((case, spread) for case in read_cases(file)))
