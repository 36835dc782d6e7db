"""Limits of results: what the project says for whom, what a statement wishes, and what is told beyond."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapwing.model.problem import Refused
from lapwing.model.project import ResultLimit, ResultLimitsConfig
from lapwing.sql.service import SqlService

numbers = st.none() | st.integers(1, 100)
limits = st.builds(lambda rows, size: ResultLimit(rows=rows, bytes=size), numbers, numbers)
BILLION = "select a.n, b.n as m from own.big a, own.big b"


@given(limits, limits, limits)
def test_the_most_special_limit_counts(everyone: ResultLimit, batch: ResultLimit, ana: ResultLimit) -> None:
    found = ResultLimitsConfig(all=everyone, batch=batch, people={"ana": ana})
    assert found.of(None, "interactive") == found.of("ben", "interactive") == everyone
    assert found.of("ben", "batch").rows == (batch.rows or everyone.rows)
    assert found.of("ana", "batch").bytes == (ana.bytes or batch.bytes or everyone.bytes)


@given(limits, limits)
def test_a_wish_makes_limits_smaller_only(project: ResultLimit, wished: ResultLimit) -> None:
    found = wished.within(project)
    assert found == project.within(wished)
    assert found.within(project) == found
    assert (found.rows is None) == (project.rows is None and wished.rows is None)


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (ResultLimit(rows=100_000), "more than 100,000 rows"),
        (ResultLimit(bytes=1_000_000), "larger than"),
        (ResultLimit(rows=1), "more than 1 rows"),
    ],
)
def test_a_cross_join_ends_at_its_limit(local: SqlService, limit: ResultLimit, says: str) -> None:
    told: list[int] = []
    with local.run(BILLION) as running:
        running.limit = limit
        with pytest.raises(Refused) as caught:
            told.extend(batch.num_rows for batch in running)
    assert caught.value.problems[0].code == "result-too-large"
    assert says in str(caught.value)
    assert sum(told) <= (limit.rows or 1_000_000)
    assert running.progress().stage == "failed"


def test_a_result_as_large_as_it_may_be_is_told(local: SqlService) -> None:
    with local.run("select n from own.big where n < 5") as running:
        running.limit = replace(ResultLimit(), rows=5)
        assert sum(batch.num_rows for batch in running) == 5
