"""What every source promises, over the same rows in each kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from tests.sources.worlds import KINDS, LAKES, LONG, SERVERS, STORED, World, world

from lapwing.model.problem import Cancelled, LapwingError, SourceError, TimeLimit
from lapwing.sources.base import Column
from lapwing.sources.types import arrow_type


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    dsn = request.getfixturevalue(f"{request.param}_dsn") if request.param in SERVERS else None
    with world(request.param, tmp_path, dsn) as made:
        yield made


def by_id(table: pa.Table) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = table.to_pylist()
    return sorted(rows, key=lambda row: str(row["id"]))


def all_names(place: World) -> tuple[str, ...]:
    return tuple(place.schema.names)


def test_tables_columns_and_types(place: World) -> None:
    tables = {table.name: table for table in place.source.tables()}
    assert set(tables) == {"things", "empty"}
    for table in tables.values():
        assert table.source == "s"
        assert {column.name: column.type for column in table.columns} == place.types


def test_every_value_arrives_as_it_is(place: World) -> None:
    got = place.scan(all_names(place))
    assert got.schema == place.schema
    assert by_id(got) == by_id(place.rows)


def test_an_empty_table_has_its_types(place: World) -> None:
    empty = next(table for table in place.source.tables() if table.name == "empty")
    with place.source.read(place.source.scan_sql(empty, empty.columns), empty.columns) as stream:
        assert stream.schema == pa.schema([(column.name, arrow_type(column.type)) for column in empty.columns])
        assert sum(batch.num_rows for batch in stream) == 0


def test_each_column_alone(place: World) -> None:
    """A first batch of nulls, or a driver that guesses types, must not change a type."""
    for name in all_names(place):
        got = place.scan((name,), where='"id" > 4611686018427387903')
        assert got.schema == pa.schema([place.schema.field(name)])
        assert got.num_rows == 1


def test_where_and_limit(place: World) -> None:
    got = place.scan(("id", "name"), where='"name" = \'it\'\'s "quoted" 100%\' OR "id" = 1')
    assert {row["id"] for row in by_id(got)} == {1, 4}
    assert place.scan(("id",), where="\"name\" LIKE 'PLAIN'").num_rows == 0  # case counts
    assert place.scan(("id",), limit=2).num_rows == 2
    assert place.scan(("id",), where='"id" < 3', limit=5).num_rows == 2


def test_a_body_stands_for_the_rows(place: World) -> None:
    """Groups that the source makes, and columns that no table of it has."""
    able = place.source.capabilities
    if able.native or not able.statements:
        return  # it aggregates nothing
    (things,) = (table for table in place.source.tables() if table.name == "things")
    id_ = next(column for column in things.columns if column.name == "id")
    made = Column("made", "BIGINT")
    body = f"SELECT id, COUNT(*) AS made FROM {place.source.reference(things)} GROUP BY id"
    groups = replace(things, columns=(id_, made), body=body)
    with place.source.scan(groups, (id_, made), None, None) as stream:
        got = pa.Table.from_batches(list(stream), stream.schema)
    assert sorted(got.to_pylist(), key=lambda row: str(row["id"])) == [
        {"id": row["id"], "made": 1} for row in by_id(place.rows)
    ]


def test_a_read_is_stopped_by_its_time_limit(place: World) -> None:
    with pytest.raises(TimeLimit, match=r"in 0\.2 s"):
        place.read(LONG[place.kind], ("id",), time_limit=0.2)
    assert place.scan(("id",)).num_rows == 5


def test_a_read_is_cancelled_from_another_thread(place: World) -> None:
    """Inside of one long step, before the first row: the reader is let go there too."""
    column = next(column for column in place.things.columns if column.name == "id")
    with place.source.read(LONG[place.kind], (column,), time_limit=60) as stream:
        threading.Timer(0.2, stream.cancel).start()
        with pytest.raises(Cancelled):
            list(stream)
    assert place.scan(("id",)).num_rows == 5


def test_a_read_that_is_left_early_frees_its_connection(place: World) -> None:
    for _ in range(3):
        with place.source.read(LONG[place.kind], place.things.columns[:1], time_limit=60):
            pass
    assert place.scan(("id",)).num_rows == 5


def test_a_cancelled_stream_gives_no_more_rows(place: World) -> None:
    with place.source.read(place.source.scan_sql(place.things, place.things.columns), place.things.columns) as stream:
        stream.cancel()
        with pytest.raises(Cancelled):
            list(stream)
    assert place.scan(("id",)).num_rows == 5


def test_cancelling_what_is_done_is_harmless(place: World) -> None:
    with place.source.read(place.source.scan_sql(place.things, place.things.columns), place.things.columns) as stream:
        assert sum(batch.num_rows for batch in stream) == 5
    stream.cancel()
    stream.close()
    assert place.scan(("id",)).num_rows == 5


def test_the_mark_changes_with_the_rows(place: World) -> None:
    before = place.source.mark(place.things)
    assert place.source.mark(place.things) == before
    place.source.close()  # a DuckDB file has one writer
    place.add(5)
    assert place.source.mark(place.things) != before
    assert place.scan(("id",)).num_rows == 6


def test_a_table_that_vanished(place: World) -> None:
    columns = place.things.columns
    sql = place.source.scan_sql(place.things, columns)
    place.source.close()
    place.drop()
    with pytest.raises(LapwingError) as caught, place.source.read(sql, columns) as stream:
        list(stream)
    assert "Traceback" not in str(caught.value)
    if place.kind in ("sqlite", *SERVERS, *LAKES) and place.kind not in STORED:
        assert isinstance(caught.value, SourceError)
        assert caught.value.problems[0].code == "table-vanished"


def test_wrong_sql_is_an_error_and_leaves_the_source_well(place: World) -> None:
    with pytest.raises(LapwingError):
        place.read('SELECT "nothing" AS id FROM nowhere', ("id",))
    assert place.scan(("id",)).num_rows == 5


def test_several_threads_read_at_once(place: World) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(place.scan, all_names(place)) for _ in range(12)]
        assert all(by_id(result.result()) == by_id(place.rows) for result in results)


def test_nothing_can_be_written(place: World) -> None:
    if place.kind in ("files", *STORED):
        pytest.skip("files are read by functions that cannot write")
    table = '"source_s"."main"."things"' if place.kind == "duckdb" else '"things"'
    with pytest.raises(LapwingError):
        place.read(f"DELETE FROM {table}", ("id",))
    assert place.scan(("id",)).num_rows == 5
