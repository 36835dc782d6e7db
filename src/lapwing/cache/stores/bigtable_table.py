"""A Bigtable table opened for rollups: the client, the table made where it is missing, its format row."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lapwing.cache.keys import FORMAT
from lapwing.cache.stores.bigtable_errors import foreign, told
from lapwing.cache.stores.pace import Pace
from lapwing.model.failing import OnError
from lapwing.model.problem import StoreError

FAMILY: Final = "r"
"""The one column family: a single version of each cell is kept."""
QUALIFIER: Final = b"v"
FORMAT_KEY: Final = b"format"
ROWS: Final = b"r"
"""What the keys of the store's rows begin with; the format row lies out of reach of scans and deletes."""

_OPEN_SECONDS: Final = 10.0
_MAKE_SECONDS: Final = 60.0
_CHANNEL: Final = (("grpc.max_reconnect_backoff_ms", 2_000),)
"""After an outage it is back within seconds; gRPC's own wait grows to two minutes."""
_INSTALL: Final = "Run `pip install 'lapwing[bigtable]'`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`instance` is projects/PROJECT/instances/INSTANCE; `app_profile` None is the instance's default."""

    instance: str
    table: str
    app_profile: str | None = None

    def __str__(self) -> str:
        return f"{self.instance}/tables/{self.table}"


def open_table(
    address: Address,
    *,
    read_only: bool,
    seconds: float = _OPEN_SECONDS,
    pace: Pace | None = None,
    check: Callable[[], None] = lambda: None,
) -> tuple[Any, Any]:
    """The data client and its table, in `seconds`; bulk writes tell a `pace` the rate that is asked for. Unless `read_only`
    a table that is missing is made, after `check`, which needs the admin API and may take longer.

    Raises:
        StoreError: the library is not installed, no such instance, no permission, the wrong app profile, Bigtable does not
            answer, or a newer Lapwing wrote the table.
    """
    try:
        import google.cloud.bigtable.data  # noqa: F401  whether they are there
        import zstandard  # noqa: F401
    except ImportError as error:
        raise StoreError.of("store-library", "What Bigtable needs is not installed.", hint=_INSTALL) from error
    _, project, _, instance = address.instance.split("/")
    with told(str(address)):
        client = _data_client(project, pace)
        with OnError(lambda _: client.close()):
            table = client.get_table(instance, address.table, app_profile_id=address.app_profile)
            _check_format(table, address, read_only, seconds, check)
    return client, table


def _check_format(table: Any, address: Address, read_only: bool, seconds: float, check: Callable[[], None]) -> None:
    from google.api_core.exceptions import NotFound
    from google.cloud.bigtable.data import SetCell

    try:
        row = table.read_row(FORMAT_KEY, operation_timeout=seconds, attempt_timeout=None)
    except NotFound:
        if read_only:
            raise
        check()
        _make(address)
        row = None
    if row is None and read_only:
        raise foreign(str(address))
    if row is None:
        check()
        mutation = SetCell(FAMILY, QUALIFIER, str(FORMAT).encode(), timestamp_micros=0)
        table.mutate_row(FORMAT_KEY, mutation, operation_timeout=seconds)
        return
    written = row.cells[0].value
    if not written.isdigit() or int(written) > FORMAT:
        shown = written.decode("ascii", "replace")
        raise StoreError.of(
            "store-newer",
            f"A newer Lapwing wrote the rollup store (format {shown}; this one knows {FORMAT}).",
            hint="Upgrade Lapwing, or give `store` another table and build again.",
        )


def _make(address: Address) -> None:
    """Makes the table. Someone else may do so at the same time."""
    from google.api_core.exceptions import AlreadyExists

    client = admin_client()
    try:
        create_table(client, address)
    except AlreadyExists:
        pass
    finally:
        client.transport.close()


def create_table(client: Any, address: Address, splits: Sequence[bytes] = ()) -> None:
    """Makes the table with its column family, cut at keys of the store."""
    from google.cloud.bigtable_admin_v2.types import ColumnFamily, CreateTableRequest, GcRule, Table

    latest = GcRule(max_num_versions=1)  # type: ignore[no-untyped-call]
    made = Table(column_families={FAMILY: ColumnFamily(gc_rule=latest)})
    keys = [CreateTableRequest.Split(key=ROWS + key) for key in splits]
    request = {"parent": address.instance, "table_id": address.table, "table": made, "initial_splits": keys}
    client.create_table(request=request, timeout=_MAKE_SECONDS)


def _emulator() -> str | None:
    return os.environ.get("BIGTABLE_EMULATOR_HOST")


def _emulator_channel() -> Any:
    """Takes rows of any size, as channels to Bigtable itself do; left alone it is cut off at 4 MB."""
    import grpc

    return grpc.insecure_channel(_emulator(), options=[("grpc.max_receive_message_length", -1), *_CHANNEL])


def _data_client(project: str, pace: Pace | None) -> Any:
    """The data client, with channels as we want them."""
    import grpc
    from google.cloud.bigtable.data import BigtableDataClient

    from lapwing.cache.stores.bigtable_features import Features

    features = Features(pace)

    class Client(BigtableDataClient):
        def _build_grpc_channel(self, *args: Any, **given: Any) -> Any:
            built = super()._build_grpc_channel(*args, **{**given, "options": [*given.get("options", ()), *_CHANNEL]})
            built.close()  # type: ignore[no-untyped-call]  # it is open already, without what is added here
            make = _emulator_channel if _emulator() else built.create_channel
            return type(built)(lambda: grpc.intercept_channel(make(), features))

    # It reports its own figures to Cloud Monitoring, and how that fails with whole stack traces: not the user's concern.
    logging.getLogger("google.cloud.bigtable.data._metrics").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that there is an emulator is known
        return Client(project=project)


def instance_client() -> Any:
    """The client that knows of instances and app profiles."""
    from google.cloud.bigtable_admin_v2 import BigtableInstanceAdminClient
    from google.cloud.bigtable_admin_v2.services.bigtable_instance_admin.transports import (
        BigtableInstanceAdminGrpcTransport,
    )

    if not _emulator():
        return BigtableInstanceAdminClient()
    return BigtableInstanceAdminClient(transport=BigtableInstanceAdminGrpcTransport(channel=_emulator_channel()))


def admin_client() -> Any:
    """Unlike the data client this one does not look for an emulator by itself."""
    from google.cloud.bigtable_admin_v2 import BigtableTableAdminClient
    from google.cloud.bigtable_admin_v2.services.bigtable_table_admin.transports import BigtableTableAdminGrpcTransport

    if not _emulator():
        return BigtableTableAdminClient()
    return BigtableTableAdminClient(transport=BigtableTableAdminGrpcTransport(channel=_emulator_channel()))
