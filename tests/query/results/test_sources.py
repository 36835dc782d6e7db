"""Sources that tell versions, and one that does not."""

from __future__ import annotations

from pathlib import Path

import deltalake
import psycopg
import pyarrow as pa
import pytest
from tests.query.results.conftest import Asked

from lapwing.query.service import Lapwing


def test_a_delta_table_holds_for_its_version(tmp_path: Path) -> None:
    rows = pa.table({"a": [1, 2]})
    deltalake.write_deltalake(str(tmp_path / "lake" / "t"), rows)
    (tmp_path / "lapwing.yaml").write_text("name: lake\nsources:\n  lake: {type: delta, path: lake}\n")
    text = "select count(*) as n from lake.t"
    with Lapwing.open(tmp_path) as lapwing:
        asked = Asked(tmp_path, lapwing)
        assert [asked.told(text), asked.told(text)] == [False, True]
        deltalake.write_deltalake(str(tmp_path / "lake" / "t"), rows, mode="append")
        assert asked.ask(text)[0]["n"].to_pylist() == [4]
        assert asked.told(text)


def test_a_view_of_postgresql_tells_none(tmp_path: Path, postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as con:
        con.execute("create schema kept_results")
        con.execute("create view kept_results.t as select 1 as a")
    project = 'name: pg\nsources:\n  pg: {type: postgres, dsn: "${PG_KEPT}", schemas: [kept_results]}\n'
    (tmp_path / "lapwing.yaml").write_text(project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PG_KEPT", postgres_dsn)
        opened = Lapwing.open(tmp_path)
    with opened as lapwing:
        asked = Asked(tmp_path, lapwing)
        text = "select a from pg.kept_results.t"
        assert "tells no version" in asked.ask(text)[1].notes[0]
        assert not asked.told(text)
        assert [asked.told(text, max_age=3600.0) for _ in range(2)] == [False, True]
