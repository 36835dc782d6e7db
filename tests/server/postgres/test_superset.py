"""Apache Superset's own database connector, datasets and charts, over our tables and metrics."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.server.postgres.conftest import Door
from tests.services.base import MissingService, missing
from tests.services.superset import superset
from tests.shop import ORDERS

pytestmark = pytest.mark.long
CONFIG = """
SECRET_KEY = "of a test, which keeps nothing that is secret"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
"""


@pytest.fixture(scope="module")
def told(door: Door, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each step."""
    try:
        python = superset()
    except MissingService as why:
        missing(why)
    folder = tmp_path_factory.mktemp("superset")
    (folder / "superset_config.py").write_text(CONFIG.format(folder=folder))
    address = door.dsn.replace("postgresql:", "postgresql+psycopg2:")
    done = subprocess.run(
        [python, Path(__file__).with_name("superset_probe.py"), address, folder],
        env={**os.environ, "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"), "SUPERSET_HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    found: dict[str, Any] = json.loads((folder / "told.json").read_text())
    return found


def test_it_connects_and_lists(told: dict[str, Any]) -> None:
    assert told["connection"] == ["PostgresEngineSpec", True, "PostgreSQL"]
    catalogs, names = told["names"]
    assert catalogs == ["shop"]
    assert names["files"] == [["orders"], [], []]
    assert names["places"] == [["towns"], [], []]
    assert names["metrics"] == [[], ["orders"], []]


def test_it_reads_tables(told: dict[str, Any]) -> None:
    columns, comment, keys, indexes = told["columns"]
    assert (comment, keys, indexes) == ("What was sold.", [], [])
    assert columns[:2] == [["at", "TIMESTAMP"], ["shop", "TEXT"]]
    assert ["orders", "BIGINT"] in columns
    assert [one[:2] for one in told["keys"]] == [[True, False], [True, False], [True, True]]
    assert told["select_star"] == [100, 100, 2]
    assert told["without_a_schema"] == [[[str(ORDERS)]], [["Köln", str(ORDERS // 2)], ["Wien", str(ORDERS // 2)]]]


def test_its_moments_and_grains(told: dict[str, Any]) -> None:
    of_days = {"P1D": 61, "P1W": 9, "P1M": 3, "P3M": 1, "P1Y": 1}
    assert told["grains"] == dict.fromkeys(told["grains"], ORDERS) | of_days
    assert len(told["grains"]) > 10
    assert told["moments"] == [237, 236, 236, 236]


def test_its_types_costs_and_errors(told: dict[str, Any]) -> None:
    types = told["types"]
    assert {name: type_ for name, (type_, _) in types.items()} == {
        "i": "INTEGER", "b": "LONGINTEGER", "d": "FLOAT", "n": "DECIMAL", "t": "STRING", "y": "BOOLEAN", "day": "DATE",
        "ts": "DATETIME", "tz": "DATETIMETZ", "nothing": "STRING", "i__1": "INTEGER",
    }  # fmt: skip
    assert [name for name, (_, moment) in types.items() if moment] == ["day", "ts", "tz"]
    assert told["cost"] == {}
    column, table = told["errors"]
    assert "There is no column nope" in column
    assert "files has no table nope" in table


def test_it_cancels(told: dict[str, Any]) -> None:
    cancelled, (ended,) = told["cancel"]
    assert cancelled is True
    assert ended.startswith("QueryCanceled")


def test_its_series_are_limited(told: dict[str, Any]) -> None:
    by_itself, by_another, of_two, others = told["series_limited"]
    assert [row[1] for row in by_itself] == [row[1] for row in by_another] == ["Köln"] * 5
    assert len({(town, shop) for _, town, shop, _ in of_two}) == 5
    assert [row[1:] for row in others] == [
        [town, n] for town in ("Köln", "Others") for n in ("6", "14", "14", "14", "14")
    ]


def test_it_samples_a_dataset(told: dict[str, Any]) -> None:
    """A row is a moment with its dimensions."""
    assert told["without_a_grain"] == 4 * 31
    sampled, columns, previewed, named = told["samples"]
    assert (len(sampled), previewed, named) == (ORDERS, 100, 7)
    assert columns == ["at", "shop", "town", "country", "orders", "amount", "returned", "return_rate"]
    assert told["counted"] == 10  # its first metric, COUNT(*), by week and town


@pytest.mark.parametrize("what", ["rows_charted", "metrics_charted"])
def test_its_charts(told: dict[str, Any], what: str) -> None:
    charts = told[what]
    assert charts["time"] == "at"
    assert charts["values"] == ["Köln", "Wien"]
    assert [charts[name] for name in ("over time", "filtered", "a table", "the count")] == [10, 5, 2, 1]
    assert charts["rows"] == (124 if what == "rows_charted" else 6)
    assert charts.get("the largest", 5) == 5
