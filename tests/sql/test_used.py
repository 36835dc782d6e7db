"""Columns that are used: by dimensions, measures with their conditions, joins and time, and no others."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.cache.project import DATASET, opened, row, write_project, write_rows

from lapwing.sql.used import used_columns


def test_only_columns_that_are_used(tmp_path: Path) -> None:
    write_project(tmp_path, dataset=DATASET)
    write_rows(tmp_path, "one", [row(datetime(2013, 1, 2))])
    with opened(tmp_path) as (_, cache):
        bound = cache.bound("trips")
        assert used_columns(bound, [], ["trips"]) == {"trips": {"at", "shop"}, "shops": {"shop"}}
        assert used_columns(bound, ["town", "far"], ["heavy"]) == {
            "trips": {"at", "shop", "distance", "kilos"},
            "shops": {"shop", "town"},
        }
