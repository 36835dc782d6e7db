"""Tables of a lake in object storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.services.base import MissingService, missing
from tests.services.gcs import gcs
from tests.services.s3 import s3
from tests.sources.lake import opened, rows_of, split_rows, table_of
from tests.sources.test_delta import days

from lapwing.model.problem import SourceError
from lapwing.model.project import Storage
from lapwing.sources.storage import delta_options, filesystem, iceberg_properties


@pytest.fixture(scope="module", name="storage")
def _storage() -> Iterator[Storage]:
    with s3("lake") as storage:
        yield storage


def test_delta_tables_on_s3(storage: Storage) -> None:
    from deltalake import write_deltalake

    options = delta_options("s3://lake", storage)
    write_deltalake("s3://lake/delta/gold/trips", days(0, 2), storage_options=options)
    with opened(type="delta", uri="s3://lake/delta", storage=storage) as source:
        table = table_of(source, "trips")
        assert (table.schema, table.rows, len(rows_of(source, "trips"))) == ("gold", 6, 6)
        assert len(rows_of(source, "trips", "\"day\" = DATE '2024-01-02'")) == 3
        assert sum(map(len, split_rows(source, "trips"))) == 6
        mark = source.mark(table)
        write_deltalake("s3://lake/delta/gold/trips", days(2, 1), mode="append", storage_options=options)
        assert source.mark(table) != mark
        assert len(rows_of(source, "trips")) == 9


def test_iceberg_tables_on_s3(storage: Storage, tmp_path: Path) -> None:
    from pyiceberg.catalog import load_catalog

    properties = {"type": "sql", "uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": "s3://lake/iceberg"}
    catalog = load_catalog("s", **properties, **iceberg_properties(storage))
    catalog.create_namespace("shop")
    table = catalog.create_table("shop.trips", days(0, 1).schema)
    table.append(days(0, 2))
    for where in ({"catalog": properties}, {"uri": "s3://lake/iceberg"}):
        with opened(type="iceberg", storage=storage, **where) as source:
            assert [(one.schema, one.name, one.rows) for one in source.tables()] == [("shop", "trips", 6)]
            assert len(rows_of(source, "trips", "\"day\" = DATE '2024-01-02'")) == 3
            assert sum(map(len, split_rows(source, "trips"))) == 6


def test_a_delta_table_on_google_cloud_storage(tmp_path: Path) -> None:
    """Folders are not told there, so the path is the table's own."""
    from deltalake import write_deltalake

    try:
        with gcs() as service:
            service.make_bucket("lake")
            storage = Storage(endpoint=service.url, anonymous=True)
            write_deltalake(tmp_path, days(0, 2))
            disk, root = filesystem("gs://lake/gold/trips", storage)
            for file in (one for one in tmp_path.rglob("*") if one.is_file()):
                with disk.open_output_stream(f"{root}/{file.relative_to(tmp_path)}") as out:
                    out.write(file.read_bytes())
            with opened(type="delta", uri="gs://lake/gold/trips", storage=storage) as source:
                assert [(table.name, table.rows) for table in source.tables()] == [("trips", 6)]
                assert len(rows_of(source, "trips", "\"day\" = DATE '2024-01-02'")) == 3
                assert sum(map(len, split_rows(source, "trips"))) == 6
    except MissingService as why:
        missing(why)


def test_a_bucket_that_is_not_there(storage: Storage) -> None:
    with opened(type="delta", uri="s3://nothing/here", storage=storage) as source, pytest.raises(SourceError) as caught:
        source.tables()
    assert caught.value.problems[0].code in ("missing-path", "table-vanished", "source-changed")


def test_keys_are_never_shown(storage: Storage) -> None:
    assert "hunter2" not in repr(replace(storage, access_key="hunter2", secret_key="hunter2"))
