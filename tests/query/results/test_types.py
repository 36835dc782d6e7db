"""A kept result has the types and the values of the fresh one, whatever these are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.consistency.world import DATA

from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing
from lapwing.sources import settled

MORE = """
create type mood as enum ('sad', 'ok');
create table more as select * from (values
  (interval 1 month, 'ok'::mood, uuid '6f1b0a4e-1111-4111-8111-111111111111', {'a': 1, 'b': ['x', null]}, map {'k': 2.5},
   time '10:11:12.5', 170141183460469231731687303715884105727::hugeint, '\\xAA\\x00'::blob, 1.5::float),
  (null, null, null, null, null, null, null, null, null)) t(i, m, u, s, k, c, h, b, f);
"""


@pytest.fixture(scope="module", name="lapwing")
def _lapwing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lapwing]:
    folder = tmp_path_factory.mktemp("types")
    (folder / "lapwing.yaml").write_text("name: types\ntimezone: UTC\nsources:\n  own: {type: duckdb, path: own.db}\n")
    with duckdb.connect(str(folder / "own.db")) as made:
        made.execute(DATA.read_text(encoding="utf-8"))
        made.execute(MORE)
    with pytest.MonkeyPatch.context() as patch, Lapwing.open(folder) as lapwing:
        patch.setattr(settled, "SETTLED", -1e6)
        yield lapwing


def test_every_type_of_every_table(lapwing: Lapwing) -> None:
    tables = [table for table in lapwing.sql.catalog.tables() if table.source == "own"]
    assert len(tables) > 5
    for table in tables:
        name = ".".join(f'"{part}"' for part in (table.source, table.schema, table.name) if part)
        fresh, kept = (lapwing.run_sql(SqlQuery(text=f"select * from {name}")) for _ in range(2))
        expected, found = fresh.table(), kept.table()
        assert kept.receipt().pieces[0].by == "kept result", name
        assert found.schema.equals(expected.schema, check_metadata=True), name
        assert [repr(row) for row in found.to_pylist()] == [repr(row) for row in expected.to_pylist()], name  # NaN, too


def test_no_rows_and_no_columns_twice(lapwing: Lapwing) -> None:
    for text in ("select 1 as a, 'x' as a where false", "select 1 as a, 2 as a", "select null as x"):
        fresh, kept = (lapwing.run_sql(SqlQuery(text=text)) for _ in range(2))
        assert kept.running.schema == fresh.running.schema
        assert fresh.table() == kept.table()
        assert kept.receipt().pieces[0].by == "kept result"


def test_the_folder_is_the_users_own(lapwing: Lapwing) -> None:
    lapwing.run_sql(SqlQuery(text="select 1")).table()
    folder: Path = lapwing.results.shelf.folder
    assert folder.stat().st_mode & 0o077 == 0
