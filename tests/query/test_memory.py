"""What the engine takes for all statements of a project together."""

from __future__ import annotations

from pathlib import Path

import pytest

from lapwing.model.problem import ModelError, SourceError
from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing


def test_one_that_needs_more_ends_alone(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text("name: small\nmemory: 64 MB\n")
    with Lapwing.open(tmp_path) as lapwing:
        limit = lapwing.run_sql(SqlQuery(text="select i from range(3) t(i)"))
        with pytest.raises(SourceError) as caught:
            lapwing.run_sql(SqlQuery(text="select list(i) as l from range(30000000) t(i)")).table()
        assert caught.value.problems[0].code == "memory-limit"
        assert "`memory` in lapwing.yaml" in (caught.value.problems[0].hint or "")
        assert limit.table().num_rows == 3


def test_too_little_for_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lapwing.yaml").write_text("name: small\nmemory: 1 MB\n")
    with pytest.raises(ModelError) as caught:
        Lapwing.open(tmp_path)
    (problem,) = caught.value.problems
    assert problem.place is not None
    assert problem.place.key == "memory"
