"""Every case on the sources that are far, each alone: Trino, BigQuery, Snowflake. What is scattered over all sources is in
`test_far_scattered.py` and `test_far_random.py`, so that each has a fresh emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.consistency.cases import FAR_ALONE, FILES, Spread, read_cases
from tests.consistency.test_cases import check, wrong
from tests.consistency.test_guards import without
from tests.consistency.world import World

from lapwing.sql import capability

pytestmark = pytest.mark.long


@pytest.mark.parametrize("spread", FAR_ALONE, ids=lambda spread: spread.name)
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
    (alone,) = (one for one in FAR_ALONE if one.alone == "trino")
    (floats,) = (file for file in FILES if file.stem == "filters_floats")
    assert any(wrong(nasty_far, case, alone) for case in read_cases(floats))
