"""Object storage, and this machine's disk, by one interface: `pyarrow.fs`; and how the libraries that read tables there are
told to reach it. What the configuration leaves out they find by themselves: in the environment, in profiles, as the machine's
own account."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from datetime import timedelta
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import urlsplit

from lapwing.model.project import SourceConfig, Storage

_SCHEME: Final = re.compile(r"([a-z][a-z0-9]*)://")
_SECONDS: Final = (
    10.0  # of one request to S3, of all tries of one to Google: those that read tables have limits of their own
)
_PROJECT: Final = "-"  # only buckets that are made need one


def root_of(config: SourceConfig) -> str | None:
    """Where the source is: a path of this machine or a URL."""
    return config.uri if config.path is None else str(config.path)


def filesystem(root: str, storage: Storage) -> tuple[Any, str]:
    """A `pyarrow.fs.FileSystem` and the path of `root` in it."""
    import pyarrow.fs as fs

    scheme, path = split(root)
    if scheme == "s3":
        return fs.S3FileSystem(**_s3(storage)), path
    if scheme == "gs":
        return fs.GcsFileSystem(**_gcs(storage)), path
    return fs.LocalFileSystem(), path


def split(uri: str) -> tuple[str, str]:
    """The scheme, "" for this machine's disk, and the path.

    >>> split("s3://lake/orders/")
    ('s3', 'lake/orders')
    """
    found = _SCHEME.match(uri)
    scheme = found[1] if found else ""
    path = uri[found.end() :] if found else uri.removeprefix("file:")
    return ("" if scheme == "file" else scheme), path.rstrip("/") or "/"


def joined(root: str, path: str) -> str:
    """`path` of `filesystem(root, ...)` as one that begins as `root` does."""
    scheme, _ = split(root)
    return f"{scheme}://{path}" if scheme else path


def protocol_of(source: str) -> str:
    """What the engine's names for files of a source in object storage begin with."""
    return f"source-{source}"


def engine_reads(configs: Collection[SourceConfig]) -> list[PurePath | str]:
    """What of these sources the engine itself has to be allowed to read."""
    local = [one.path for one in configs if one.path is not None]
    stored = [one for one in configs if one.type == "files" and one.uri is not None]
    return [*local, *(f"{protocol_of(one.name)}://{split(one.uri or '')[1].split('/')[0]}/" for one in stored)]


def _s3(storage: Storage) -> dict[str, Any]:
    asked: dict[str, Any] = {"request_timeout": _SECONDS, "connect_timeout": _SECONDS}
    endpoint = storage.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:  # Arrow does not look there by itself
        asked |= {"endpoint_override": endpoint, "scheme": urlsplit(endpoint).scheme}
    if storage.region is not None:
        asked["region"] = storage.region
    if storage.access_key is not None:
        asked |= {"access_key": storage.access_key, "secret_key": storage.secret_key}
    if storage.anonymous:
        asked["anonymous"] = True
    return asked


def _gcs(storage: Storage) -> dict[str, Any]:
    asked: dict[str, Any] = {"anonymous": storage.anonymous, "project_id": _PROJECT}
    asked["retry_time_limit"] = timedelta(seconds=_SECONDS)  # a quarter of an hour, where nothing is said
    if storage.endpoint is not None:
        address = urlsplit(storage.endpoint)
        asked |= {"endpoint_override": address.netloc, "scheme": address.scheme}
    return asked


def delta_options(root: str, storage: Storage) -> dict[str, str]:
    """The same as `storage_options` of deltalake."""
    scheme, _ = split(root)
    if scheme == "gs":
        return _delta_gcs(storage)
    if scheme != "s3":
        return {}
    found = {
        "aws_endpoint_url": storage.endpoint,
        "aws_region": storage.region,
        "aws_access_key_id": storage.access_key,
        "aws_secret_access_key": storage.secret_key,
        "aws_skip_signature": "true" if storage.anonymous else None,
        "aws_allow_http": "true" if (storage.endpoint or "").startswith("http://") else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _delta_gcs(storage: Storage) -> dict[str, str]:
    found = {
        "google_base_url": storage.endpoint,
        "google_skip_signature": "true" if storage.anonymous else None,
        "allow_http": "true" if (storage.endpoint or "").startswith("http://") else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def iceberg_properties(storage: Storage) -> dict[str, str]:
    """The same as properties of pyiceberg's FileIO."""
    found = {
        "s3.endpoint": storage.endpoint,
        "s3.region": storage.region,
        "s3.access-key-id": storage.access_key,
        "s3.secret-access-key": storage.secret_key,
        "s3.anonymous": "true" if storage.anonymous else None,
        "gcs.service.host": storage.endpoint,
        "gcs.anonymous": "true" if storage.anonymous else None,
    }
    return {key: value for key, value in found.items() if value is not None}
