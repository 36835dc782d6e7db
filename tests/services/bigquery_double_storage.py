"""The Storage Read API of the double of BigQuery: sessions of several streams, over gRPC."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types
from tests.services.bigquery_double_tables import Warehouse

_SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"
_ROWS = 100


@dataclass
class Storage:
    """`sessions` are what was asked for; `served` the streams read, with their offsets. `refusals` are the errors of the next
    calls of a name; `breaks` of the next streams after so many rows."""

    warehouse: Warehouse
    sessions: list[types.CreateReadSessionRequest] = field(default_factory=list)
    served: list[tuple[str, int]] = field(default_factory=list)
    refusals: list[tuple[str, grpc.StatusCode, str]] = field(default_factory=list)
    breaks: list[tuple[int, grpc.StatusCode]] = field(default_factory=list)
    waits: threading.Event | None = None
    """Streams wait for it before their first row."""
    most: int = 4
    port: int = 0
    _streams: dict[str, pa.Table] = field(default_factory=dict)

    @contextmanager
    def serving(self) -> Iterator[None]:
        server = grpc.server(ThreadPoolExecutor(16, "storage double"), options=[("grpc.so_reuseport", 0)])
        handlers = {
            "CreateReadSession": grpc.unary_unary_rpc_method_handler(
                self._create, types.CreateReadSessionRequest.deserialize, types.ReadSession.serialize
            ),
            "ReadRows": grpc.unary_stream_rpc_method_handler(
                self._read, types.ReadRowsRequest.deserialize, types.ReadRowsResponse.serialize
            ),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
        self.port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield
        finally:
            if self.waits is not None:
                self.waits.set()
            server.stop(0).wait()

    def _create(self, request: types.CreateReadSessionRequest, context: Any) -> types.ReadSession:
        self._refuse("CreateReadSession", context)
        wanted = request.read_session
        _, project, _, dataset, _, table = wanted.table.split("/")
        key = (project, dataset, table)
        if key not in self.warehouse.tables:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Not found: Table {project}:{dataset}.{table}")
        columns, where = list(wanted.read_options.selected_fields), wanted.read_options.row_restriction
        lacking = [one for one in columns if one not in self.warehouse.tables[key].rows.column_names]
        if lacking:
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"request failed: The following selected fields do not exist in the table schema: {lacking[0]}",
            )
        self.sessions.append(request)
        rows = self.warehouse.read(key, columns, where)
        count = max(1, min(request.max_stream_count or 1, self.most))
        each = -(-rows.num_rows // count)
        name = f"projects/{project}/locations/eu/sessions/s{len(self.sessions)}"
        streams = [f"{name}/streams/{number}" for number in range(count)] if rows.num_rows else []
        for number, stream in enumerate(streams):
            self._streams[stream] = rows.slice(number * each, each)
        return types.ReadSession(
            name=name,
            table=wanted.table,
            data_format=types.DataFormat.ARROW,
            read_options=wanted.read_options,
            arrow_schema=types.ArrowSchema(serialized_schema=rows.schema.serialize().to_pybytes()),
            streams=[types.ReadStream(name=stream) for stream in streams],
            estimated_total_bytes_scanned=self.warehouse.scanned(key, columns, where),
            estimated_row_count=rows.num_rows,
        )

    def _read(self, request: types.ReadRowsRequest, context: Any) -> Iterator[types.ReadRowsResponse]:
        self.served.append((request.read_stream, request.offset))
        self._refuse("ReadRows", context)
        if self.waits is not None:
            while not self.waits.wait(0.05):
                if not context.is_active():
                    return
        left, code = self.breaks.pop() if self.breaks else (None, None)
        rows = self._streams[request.read_stream].slice(request.offset)
        first = {"arrow_schema": types.ArrowSchema(serialized_schema=rows.schema.serialize().to_pybytes())}
        for batch in rows.to_batches(max_chunksize=_ROWS):
            if left is not None and code is not None:
                if left <= 0:
                    context.abort(code, "the stream broke off")
                left -= batch.num_rows
            data = batch.serialize().to_pybytes()
            batch_sent = types.ArrowRecordBatch(serialized_record_batch=data)
            yield types.ReadRowsResponse(arrow_record_batch=batch_sent, row_count=batch.num_rows, **first)
            first = {}

    def _refuse(self, name: str, context: Any) -> None:
        for number, (one, code, message) in enumerate(self.refusals):
            if one == name:
                del self.refusals[number]
                context.abort(code, message)
