"""Builds from files in object storage: bit by bit those from the same files on a disk; and only of what was written."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from tests.cache.builders.contents import built
from tests.cache.project import PROJECT, SCHEMA, opened, row
from tests.cache.test_distributed import write_project_of
from tests.sources.worlds import STORED, storage_of, store

from lapwing.model.project import BeamConfig, Storage
from lapwing.sources.storage import filesystem

FILES = "  files: {type: files, path: data}\n"


@pytest.fixture(params=STORED)
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Storage]:
    monkeypatch.setenv("LAKE_KEY", "key")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    url = request.getfixturevalue(f"{request.param}_dsn")
    scheme = "s3" if request.param == "s3" else "gs"
    return f"{scheme}://files/{uuid.uuid4().hex[:12]}", storage_of(request.param, url)


def move(root: Path, uri: str, storage: Storage) -> None:
    """The project's rows go to object storage."""
    for file in sorted((root / "data" / "trips").glob("*.parquet")):
        store(f"{uri}/trips/{file.name}", storage, file.read_bytes())
        file.unlink()
    keys = f"access_key: '${{LAKE_KEY}}', secret_key: '${{LAKE_SECRET}}', region: {storage.region}"
    how = "anonymous: true" if storage.anonymous else keys
    source = f"  files: {{type: files, path: '{uri}', storage: {{endpoint: '{storage.endpoint}', {how}}}}}\n"
    (root / "lapwing.yaml").write_text(PROJECT.replace(FILES, source))


def test_what_is_built_is_the_same(tmp_path: Path, place: tuple[str, Storage]) -> None:
    write_project_of(tmp_path, 7)
    expected = built(tmp_path, "duckdb")
    move(tmp_path, *place)
    assert built(tmp_path, "duckdb") == expected
    assert built(tmp_path, "beam", BeamConfig(workers=2, shards=5)) == expected


def test_only_partitions_whose_files_were_written_are_built_again(tmp_path: Path, place: tuple[str, Storage]) -> None:
    uri, storage = place
    write_project_of(tmp_path, 7)
    move(tmp_path, uri, storage)
    with opened(tmp_path) as (_, cache):
        first = cache.build().checked()
        assert all(one.built == 3 for one in first.rollups)
        assert all(one.built == 0 for one in cache.build().checked().rollups)
    store(f"{uri}/trips/late.parquet", storage, pa.Table.from_pylist([row(datetime(2013, 2, 14, 12))], SCHEMA))
    with opened(tmp_path) as (_, cache):
        again = cache.build().checked()
        assert [(one.built, one.unchanged) for one in again.rollups] == [(1, 2)] * 3
        assert cache.upkeep.verify(None).findings == []
    disk, path = filesystem(f"{uri}/trips/late.parquet", storage)
    disk.delete_file(path)
    with opened(tmp_path) as (_, cache):
        again = cache.build().checked()
        assert [(one.built, one.unchanged) for one in again.rollups] == [(1, 2)] * 3
