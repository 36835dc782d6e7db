"""Every case on every source alone, and spread over several: equal to plain DuckDB, or refused as declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.consistency.cases import FILES, SPREADS, Case, Spread, as_told, chosen, read_cases, scattered
from tests.consistency.kept import SOURCES
from tests.consistency.same import ours, plain
from tests.consistency.world import World


def wrong(nasty: World, case: Case, spread: Spread) -> str | None:
    """What is wrong with the case on the spread; None where all is right or it has no place there."""
    placed = scattered(case.text, nasty.mentions(case.text), spread)
    if placed is None:
        return None
    text, sources = placed
    wanted, (got, plan) = plain(nasty.truth, text, case.zone), ours(nasty.sql, text, case.zone)
    if nasty.seen(spread.name, plan):
        return None
    told = f"{case.place} on {spread.name}: {text}\n    "
    if refused := [case.refused[source] for source in sources or SOURCES if source in case.refused]:
        return None if got.error else f"{told}is answered, though refused: {refused[0]}"
    if case.gives is not None and as_told(sources) and "; ".join(wanted.rows) != case.gives:
        return f"{told}plain DuckDB gives {'; '.join(wanted.rows)}, not {case.gives}"
    found = got.differs(wanted, case.ordered)
    return None if found is None else f"{told}{found}"


def check(nasty: World, runs: Iterable[tuple[Case, Spread]]) -> None:
    found = [one for case, spread in runs if (one := wrong(nasty, case, spread)) is not None]
    if found:
        pytest.fail(f"{len(found)} differ:\n" + "\n".join(found[:40]), pytrace=False)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_cases_answer_as_plain_duckdb(nasty: World, file: Path) -> None:
    cases = enumerate(read_cases(file))
    runs = ((case, spread) for number, case in cases for spread in chosen(number, len(nasty.mentions(case.text))))
    check(nasty, runs)


def test_the_order_of_rows_is_looked_at(nasty: World) -> None:
    """Rows that change places are another answer, where the statement says in which order they come."""
    file = next(file for file in FILES if file.stem == "order")
    found = [plain(nasty.truth, case.text, case.zone) for case in read_cases(file) if case.ordered]
    several = [one for one in found if len(set(one.rows)) > 1]
    assert len(several) > 50
    for one in several:
        at = next(at for at, row in enumerate(one.rows) if row != one.rows[0])
        changed = (*one.rows[: at - 1], one.rows[at], one.rows[at - 1], *one.rows[at + 1 :])
        assert replace(one, rows=changed).differs(one, ordered=True)
        assert not replace(one, rows=changed).differs(one, ordered=False)


@pytest.mark.long
@pytest.mark.parametrize("spread", SPREADS, ids=lambda spread: spread.name)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_cases_answer_as_plain_duckdb_everywhere(nasty: World, file: Path, spread: Spread) -> None:
    check(nasty, ((case, spread) for case in read_cases(file)))


def test_there_are_enough_cases_and_none_twice() -> None:
    texts = [(case.text, case.zone) for file in FILES for case in read_cases(file)]
    assert len(texts) >= 600
    assert len(set(texts)) == len(texts)
