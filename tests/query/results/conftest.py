"""A project of files, SQLite and DuckDB whose files count as settled at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from lapwing.model.receipt import Receipt
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.service import Lapwing
from lapwing.sources import settled

PROJECT = """name: kept
timezone: UTC
sources:
  files: {type: files, path: data}
  lite: {type: sqlite, path: lite.db}
  duck: {type: duckdb, path: duck.db}
"""


@dataclass
class Asked:
    """The project opened, and how to ask it."""

    folder: Path
    lapwing: Lapwing

    def ask(self, text: str, **wishes: float | bool | None) -> tuple[pa.Table, Receipt]:
        answer = self.lapwing.run_sql(SqlQuery(text=text, wishes=Wishes(**wishes)))  # type: ignore[arg-type]
        return answer.table(), answer.receipt()

    def told(self, text: str, **wishes: float | bool | None) -> bool:
        """Whether it was answered by a kept result."""
        return [piece.by for piece in self.ask(text, **wishes)[1].pieces] == ["kept result"]


def write_project(folder: Path) -> Path:
    (folder / "data").mkdir()
    (folder / "lapwing.yaml").write_text(PROJECT)
    (folder / "data" / "t.csv").write_text("a,b\n1,x\n2,y\n")
    with sqlite3.connect(folder / "lite.db") as lite:
        lite.executescript(
            "create table t (a int, b text); insert into t values (1, 'x'), (2, 'y');"
            "create view v as select a, date('now') as today from t;"
        )
    lite.close()
    with duckdb.connect(str(folder / "duck.db")) as duck:
        duck.execute("create table t as select 1 as a, 'x' as b union all select 2, 'y'")
        duck.execute("create view v as select a, now() as seen from t")
    return folder


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setattr(settled, "SETTLED", -1e6)
    with Lapwing.open(write_project(tmp_path)) as lapwing:
        yield Asked(tmp_path, lapwing)
