"""A double of Snowflake, in this process: what the ADBC driver asks of its HTTP interface, over DuckDB.

The SQL that comes is read as Snowflake's by sqlglot and run by DuckDB, so it shows that statements are Snowflake's SQL and
what becomes of their rows, not what Snowflake would find. The protocol is: login, statements, chunks of long results, abort,
sessions that end. It keeps what it was asked.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

PASSWORD = "right"
INLINE_ROWS = 1_000
"""Rows beyond these travel as chunks."""
_CATALOG = """
CREATE TABLE catalog.main.altered (moment BIGINT);
INSERT INTO catalog.main.altered VALUES (0);
CREATE VIEW catalog.main.tables AS
SELECT database_name AS "TABLE_CATALOG", schema_name AS "TABLE_SCHEMA", table_name AS "TABLE_NAME",
       'BASE TABLE' AS "TABLE_TYPE", comment AS "COMMENT", estimated_size AS "ROW_COUNT", 8 * estimated_size AS "BYTES",
       make_timestamp((SELECT moment FROM catalog.main.altered) * 1000)::TIMESTAMPTZ AS "LAST_ALTERED" FROM duckdb_tables()
WHERE database_name <> 'catalog'
UNION ALL
SELECT database_name, schema_name, view_name, 'VIEW', comment, NULL, NULL, 'epoch'::TIMESTAMPTZ FROM duckdb_views()
WHERE NOT internal AND database_name <> 'catalog';
CREATE VIEW catalog.main.columns AS
SELECT database_name AS "TABLE_CATALOG", schema_name AS "TABLE_SCHEMA", table_name AS "TABLE_NAME",
       column_name AS "COLUMN_NAME", column_index AS "ORDINAL_POSITION",
       CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS "IS_NULLABLE",
       CASE WHEN comment = 'collated' THEN 'en-ci' END AS "COLLATION_NAME",
       CASE WHEN data_type LIKE 'DECIMAL%' THEN 'NUMBER' WHEN data_type IN ('FLOAT', 'DOUBLE') THEN 'FLOAT'
            WHEN data_type = 'VARCHAR' THEN 'TEXT' WHEN data_type = 'BLOB' THEN 'BINARY'
            WHEN data_type IN ('TIMESTAMP', 'TIMESTAMP_NS') THEN 'TIMESTAMP_NTZ'
            WHEN data_type = 'TIMESTAMP WITH TIME ZONE' THEN 'TIMESTAMP_TZ'
            WHEN data_type = 'JSON' THEN 'VARIANT' ELSE data_type END AS "DATA_TYPE",
       CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_precision END AS "NUMERIC_PRECISION",
       CASE WHEN data_type LIKE 'DECIMAL%' THEN numeric_scale END AS "NUMERIC_SCALE"
FROM duckdb_columns();
"""
_CHANGES = (exp.Insert, exp.Create, exp.Drop, exp.Delete, exp.Update, exp.Comment)
_DONE = pa.table({"status": ["Statement executed successfully."]})
_SETTING = re.compile(r"(\w+) = ('[^']*'|\w+)")


class Failed(Exception):
    """What the account answers, with its number and SQL state."""

    def __init__(self, number: int, state: str, says: str) -> None:
        super().__init__(says)
        self.number, self.state = number, state


@dataclass
class Session:
    database: str
    schema: str
    settings: dict[str, str] = field(default_factory=dict)


@dataclass
class SnowflakeDouble:
    """`digits`: of the fraction of a second that moments are declared with. `asked` has the texts of statements, `logins`
    what people showed, `aborted` the requests that were broken off."""

    engine: duckdb.DuckDBPyConnection
    digits: int = 9
    port: int = 0
    asked: list[str] = field(default_factory=list)
    logins: list[dict[str, Any]] = field(default_factory=list)
    aborted: list[str] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    chunks: dict[str, bytes] = field(default_factory=dict)
    running: dict[str, duckdb.DuckDBPyConnection] = field(default_factory=dict)
    timed_out: set[str] = field(default_factory=set)
    refusals: list[Failed] = field(default_factory=list)
    """What the next statements that read are answered."""

    @property
    def dsn(self) -> str:
        return self.dsn_of("PUBLIC")

    def dsn_of(self, schema: str, user: str = f"reader:{PASSWORD}", more: str = "") -> str:
        at = f"127.0.0.1:{self.port}"
        return f"snowflake://{user}@{at}/lapwing/{schema}?account=double&protocol=http&warehouse=small{more}"

    def run(self, sql: str, schema: str = "PUBLIC") -> None:
        """A statement that may change something."""
        self._arrow(sql, Session("LAPWING", schema), "made by the test")

    def login(self, query: dict[str, list[str]], shown: dict[str, Any]) -> dict[str, Any]:
        self.logins.append(shown)
        if shown.get("PASSWORD") != PASSWORD and not shown.get("TOKEN"):
            raise Failed(390100, "08004", "Incorrect username or password was specified.")
        token = uuid.uuid4().hex
        database, schema = (query[name][0].strip('"') for name in ("databaseName", "schemaName"))
        self.sessions[token] = session = Session(database, schema)
        return {
            "token": token,
            "masterToken": token,
            "parameters": [],
            "sessionInfo": {"databaseName": session.database, "schemaName": session.schema},
        }

    def statement(self, session: Session, request: str, sql: str) -> dict[str, Any]:
        self.asked.append(sql)
        if sql.startswith("ALTER SESSION SET"):
            session.settings.update(_SETTING.findall(sql))
            table = _DONE
        elif self.refusals:
            raise self.refusals.pop(0)
        else:
            table = self._arrow(sql, session, request)
        first, rest = table.slice(0, INLINE_ROWS), table.slice(INLINE_ROWS)
        chunks = []
        if rest.num_rows:
            name, data = uuid.uuid4().hex, _stream(rest)
            self.chunks[name] = data
            size = {"uncompressedSize": len(data), "compressedSize": len(data)}
            chunks = [{"url": f"http://127.0.0.1:{self.port}/chunks/{name}", "rowCount": rest.num_rows, **size}]
        return {
            "queryId": request,
            "total": table.num_rows,
            "returned": first.num_rows,
            "rowtype": [_rowtype(one) for one in table.schema],
            "queryResultFormat": "arrow",
            "rowsetBase64": base64.b64encode(_stream(first)).decode(),
            "chunks": chunks or None,
            "chunkHeaders": {},
            "parameters": [{"name": "TIMEZONE", "value": "UTC"}],
            "finalDatabaseName": session.database,
            "finalSchemaName": session.schema,
        }

    def abort(self, request: str) -> None:
        self.aborted.append(request)
        self._interrupt(request)

    def close(self) -> None:
        """Ends what still runs."""
        for request in list(self.running):
            self.abort(request)
        self.engine.close()

    def _interrupt(self, request: str) -> None:
        """Until it has ended: an interrupt between two steps is lost."""
        while (cursor := self.running.get(request)) is not None:
            cursor.interrupt()
            time.sleep(0.01)

    def _arrow(self, sql: str, session: Session, request: str) -> pa.Table:
        try:
            tree = normalize_identifiers(sqlglot.parse_one(sql, read="snowflake"), dialect="snowflake")
        except sqlglot.errors.ParseError as error:
            raise Failed(1003, "42000", "SQL compilation error: syntax error.") from error
        for table in tree.find_all(exp.Table):
            if table.db == "INFORMATION_SCHEMA":
                table.replace(exp.to_table(f"catalog.main.{table.name.lower()}", alias=table.alias or None))
        cursor = self.engine.cursor()
        cursor.execute(f'USE "{session.database}"."{session.schema}"')
        self.running[request] = cursor
        if request in self.aborted:  # it came first
            del self.running[request]
            raise Failed(604, "57014", "SQL execution canceled")
        seconds = int(session.settings.get("STATEMENT_TIMEOUT_IN_SECONDS", 0))

        def late() -> None:
            self.timed_out.add(request)
            self._interrupt(request)

        timer = threading.Timer(seconds or 3600, late)
        timer.daemon = True
        timer.start()
        try:
            relation = cursor.sql(tree.sql("duckdb"))
            found = _DONE if relation is None else relation.to_arrow_table()
            if isinstance(tree, _CHANGES):
                cursor.execute("UPDATE catalog.main.altered SET moment = moment + 1")
        except duckdb.InterruptException as error:
            if request in self.timed_out:
                raise Failed(630, "57014", f"Statement reached its timeout of {seconds} second(s).") from error
            raise Failed(604, "57014", "SQL execution canceled") from error
        except duckdb.CatalogException as error:
            raise Failed(2003, "42S02", f"Object does not exist or not authorized: {error}") from error
        except duckdb.BinderException as error:
            raise Failed(904, "42000", f"invalid identifier: {error}") from error
        except duckdb.Error as error:
            raise Failed(100038, "22018", str(error)) from error
        finally:
            timer.cancel()
            del self.running[request]  # and then no interrupt meets a closed cursor
            cursor.close()
        columns = [_column(field_, found.column(at), self.digits) for at, field_ in enumerate(found.schema)]
        schema = pa.schema([field_ for field_, _ in columns])
        return pa.Table.from_arrays([column for _, column in columns], schema=schema)


def _column(field_: pa.Field, column: pa.ChunkedArray, digits: int) -> tuple[pa.Field, pa.Array]:
    """A column as Snowflake sends it: whole numbers as decimals, moments as seconds and nanoseconds."""
    values, type_ = column.combine_chunks(), field_.type
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], type_)
    word, precision, scale = "TEXT", 0, 0
    if pa.types.is_integer(type_):
        values = values.cast(pa.decimal128(38, 0), safe=False) if pa.types.is_uint64(type_) else values.cast(
            pa.int64()
        ).cast(pa.decimal128(38, 0))  # fmt: skip
        type_ = values.type
    if pa.types.is_decimal(type_):
        word, precision, scale = "FIXED", type_.precision, type_.scale
    elif pa.types.is_floating(type_):
        word = "REAL"
        values = values.cast(pa.float64())
    elif pa.types.is_boolean(type_):
        word = "BOOLEAN"
    elif pa.types.is_date(type_):
        word = "DATE"
    elif pa.types.is_binary(type_):
        word = "BINARY"
    elif pa.types.is_time(type_):
        word, scale = "TIME", 9
        values = pc.multiply(values.cast(pa.time64("us")).cast(pa.int64()), 1000)
    elif pa.types.is_timestamp(type_):
        word, scale = ("TIMESTAMP_TZ" if type_.tz else "TIMESTAMP_NTZ"), digits
        values = _moments(values)
    else:
        values = values.cast(pa.string())
    told = {"logicalType": word, "precision": str(precision), "scale": str(scale), "charLength": "0"}
    return pa.field(field_.name, values.type, True, told), values


def _moments(values: pa.Array) -> pa.StructArray:
    zoned = values.type.tz is not None
    units = values.cast(pa.timestamp(values.type.unit)).cast(pa.int64())
    each = 1_000_000_000 if values.type.unit == "ns" else 1_000_000
    seconds = [None if one is None else one // each for one in units.to_pylist()]
    parts = [None if one is None else one % each * (1_000_000_000 // each) for one in units.to_pylist()]
    arrays = [pa.array(seconds, pa.int64()), pa.array(parts, pa.int32())]
    arrays += [pa.array([1440] * len(values), pa.int32())] if zoned else []
    return pa.StructArray.from_arrays(arrays, ["epoch", "fraction", "timezone"][: len(arrays)], mask=values.is_null())


def _rowtype(field_: pa.Field) -> dict[str, Any]:
    told = {key.decode(): value.decode() for key, value in (field_.metadata or {}).items()}
    names: dict[str, Any] = {"name": field_.name, "database": "", "schema": "", "table": "", "nullable": True}
    numbers = {"precision": int(told.get("precision", 0)), "scale": int(told.get("scale", 0))}
    return names | numbers | {"type": told.get("logicalType", "TEXT").lower(), "length": 0, "byteLength": 0}


def _stream(table: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return bytes(out.getvalue())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: SnowflakeDouble

    def log_message(self, *given: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send(200, self.double.chunks.pop(self.path.rpartition("/")[2]), "application/octet-stream")

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        given = json.loads(body) if body else {}
        token = (self.headers.get("Authorization") or "").removeprefix('Snowflake Token="').rstrip('"')
        answer: dict[str, Any] = {"success": True, "code": None, "message": None, "data": None}
        try:
            match address.path:
                case "/session/v1/login-request":
                    answer["data"] = self.double.login(query, given["data"])
                case "/queries/v1/query-request":
                    session = self.double.sessions[token]
                    answer["data"] = self.double.statement(session, query["requestId"][0], given["sqlText"])
                case "/queries/v1/abort-request":
                    self.double.abort(given["requestId"])
                case "/session":
                    self.double.sessions.pop(token, None)
                case _:
                    self._send(404, b"{}", "application/json")
                    return
        except Failed as error:
            code = f"{error.number:06d}"
            answer |= {"success": False, "code": code, "message": str(error)}
            answer["data"] = {"errorCode": code, "sqlState": error.state}
        self._send(200, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True


@contextmanager
def snowflake(digits: int = 9) -> Iterator[SnowflakeDouble]:
    """A double with the empty database LAPWING; it forgets all when it stops."""
    engine = duckdb.connect(config={"threads": 2, "memory_limit": "512MB"})
    engine.execute(
        """ATTACH ':memory:' AS catalog; ATTACH ':memory:' AS "LAPWING"; CREATE SCHEMA "LAPWING"."PUBLIC";"""
    )
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(_CATALOG)
    double = SnowflakeDouble(engine, digits)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"double": double}))
    server.daemon_threads = True
    double.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        double.close()
