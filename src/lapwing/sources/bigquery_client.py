"""Clients of BigQuery: with whatever credentials there are, or of the emulator.

The emulator is used while BIGQUERY_EMULATOR_HOST names its HTTP address; BIGQUERY_STORAGE_EMULATOR_HOST that of its
Storage Read API, without which rows are read over HTTP there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from lapwing.model.problem import SourceError
from lapwing.model.project import SourceConfig
from lapwing.sources.base import Column
from lapwing.sources.google import searched

_INSTALL: Final = "Run `pip install 'lapwing[bigquery]'`."
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


def emulator() -> str | None:
    """The URL of the emulator's HTTP API."""
    host = os.environ.get("BIGQUERY_EMULATOR_HOST")
    return None if not host else host if "://" in host else f"http://{host}"


def streams_at_once() -> int:
    """Streams of one table that are read side by side; the emulator has one."""
    return 1 if emulator() else 4


def streamed(column: Column) -> bool:
    """Whether the Storage Read API sends a column of a plain type; the emulator's can't read DATETIME."""
    return column.type != "TIMESTAMP" or emulator() is None


def open_client(config: SourceConfig) -> Any:
    """The client of the REST API. Nothing is asked yet.

    Raises:
        SourceError: the library is not installed, or no credentials were found; says where they were looked for.
    """
    try:
        from google.api_core.client_options import ClientOptions
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.bigquery import Client
    except ImportError as error:
        raise SourceError.of(
            "source-library", "What BigQuery needs is not installed.", place=config.place, hint=_INSTALL
        ) from error
    if address := emulator():
        anonymous: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return Client(config.project, anonymous, client_options=ClientOptions(api_endpoint=address))
    options = ClientOptions(api_endpoint=config.endpoint) if config.endpoint else None
    found = credentials(config.key_file, config.name)
    return Client(config.project, found, location=config.location, client_options=options)


def open_storage(config: SourceConfig) -> Any:
    """The client of the Storage Read API; None where only the emulator's HTTP API is there."""
    from google.cloud.bigquery_storage_v1 import BigQueryReadClient

    client_class: Any = BigQueryReadClient
    address = config.storage_endpoint or ""
    if emulator() is None and not address.startswith("http://"):
        options = {"api_endpoint": address.removeprefix("https://")} if address else None
        return client_class(credentials=credentials(config.key_file, config.name), client_options=options)
    host = address.removeprefix("http://") if emulator() is None else os.environ.get("BIGQUERY_STORAGE_EMULATOR_HOST")
    if not host:
        return None
    import grpc
    from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

    channel = grpc.insecure_channel(host, options=[("grpc.max_receive_message_length", -1)])
    return client_class(transport=BigQueryReadGrpcTransport(channel=channel))


def credentials(file: Path | None, name: str) -> Any:
    """Those of a service account's file, or what Google's libraries find by themselves.

    Raises:
        SourceError: none, with all places in the order in which they were looked at.
    """
    import google.auth
    import google.auth.exceptions
    from google.oauth2.service_account import Credentials

    if file is not None:
        try:
            return Credentials.from_service_account_file(str(file), scopes=[_SCOPE])  # type: ignore[no-untyped-call]
        except (OSError, ValueError, google.auth.exceptions.GoogleAuthError) as error:
            raise SourceError.of(
                "no-credentials",
                f"The credentials of {name} in {file.name} can't be used: {str(error).splitlines()[0].rstrip('.')}.",
                hint="Name the key file of a service account, or leave key_file out for the credentials of the environment.",
            ) from error
    try:
        return google.auth.default(scopes=[_SCOPE])[0]
    except google.auth.exceptions.GoogleAuthError as error:
        raise SourceError.of(
            "no-credentials",
            f"{name} has no credentials. {searched()}",
            hint="Run `gcloud auth application-default login`, or name a service account's key file with key_file: in "
            "lapwing.yaml.",
        ) from error
