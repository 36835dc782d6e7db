"""Versions of tables in lakes, object storage, BigQuery and PostgreSQL: another after each change, the same without one;
a read that a change overlaps is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.query.results.conftest import Asked
from tests.sources.worlds import SERVERS, STORED, World, world
from tests.sql.conftest import project

from lapwing.query.ask import SqlQuery
from lapwing.query.service import Lapwing
from lapwing.sources import files, postgres_version
from lapwing.sources.open import open_source

TEXT = "select count(*) as n from s.things"
KINDS = ("iceberg", "delta", "s3", "gcs", "bigquery", "postgres")


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Whose objects count as settled at once."""
    monkeypatch.setattr(files, "SETTLED", -1e6)
    monkeypatch.setattr(postgres_version, "BUSY", 0.0)
    kind: str = request.param
    dsn = request.getfixturevalue(f"{kind}_dsn") if kind in SERVERS else None
    with world(kind, tmp_path, dsn) as made:
        yield made


@pytest.fixture
def asked(place: World, tmp_path: Path) -> Iterator[Asked]:
    with Lapwing(project(tmp_path, {"s": place.config})) as lapwing:
        yield Asked(tmp_path, lapwing)


def test_another_after_each_change_and_the_same_without(place: World, asked: Asked) -> None:
    other = open_source(place.config, asked.lapwing.engine)  # as another process would
    seen = []
    # Rows that are there already are a change, too; an object of that name and size would be one in the next second only.
    for number in (100, 101, 102 if place.kind in STORED else 101):
        things = place.things
        version = place.source.version(things, anew=True)
        assert version is not None
        assert [one.version(things, anew=anew) for one in (place.source, other) for anew in (True, False)] == [
            version
        ] * 4
        assert place.source.version(next(one for one in place.source.tables() if one.name == "empty")) != version
        seen.append(version)
        place.add(number)
        assert other.version(things, anew=True) != version
    assert len(set(seen)) == len(seen)
    other.close()


def test_a_result_holds_until_the_table_changes(place: World, asked: Asked) -> None:
    before = asked.ask(TEXT)[0]["n"][0].as_py()
    assert asked.told(TEXT)
    place.add(100)
    asked.lapwing.sources["s"].forget()  # lists of objects and tables are remembered for a while
    assert not asked.told(TEXT)
    assert asked.ask(TEXT)[0]["n"][0].as_py() == before + 1
    assert asked.told(TEXT)


def test_a_read_that_a_change_overlaps_is_not_kept(place: World, asked: Asked) -> None:
    answer = asked.lapwing.run_sql(SqlQuery(text=TEXT))
    place.add(100)
    answer.table()
    assert answer.receipt().notes == ("Not kept: its tables were written meanwhile.",)
    assert not asked.told(TEXT)
