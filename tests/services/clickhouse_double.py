"""ClickHouse's HTTP interface over its own engine, chdb: python clickhouse_double.py PORT FOLDER.

The engine, its SQL, its formats, its list of processes and KILL QUERY are ClickHouse's. This file is what is not: reading
requests, settings that come as parameters, ids of queries (chdb gives its own, so they stand in a comment before the
statement), and chunks. It knows no users and no compression.
"""

from __future__ import annotations

import re
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa

OWN = (
    "database",
    "query",
    "query_id",
    "client_protocol_version",
    "wait_end_of_query",
    "http_headers_progress_interval_ms",
)
FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*\Z", re.IGNORECASE)
KILLED = re.compile(r"query_id = '([^']*)'")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    path_of_data: str

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *given: object) -> None:
        pass

    def _answer(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = dict(parse_qsl(address.query))
        if address.path == "/ping":
            self._whole(200, b"Ok.\n")
            return
        sql = (asked.get("query", "") + "\n" + body).strip()
        found = FORMAT.search(sql)
        sql, form = (sql[: found.start()], found[1]) if found else (sql, "TabSeparated")
        connection = import_module("chdb").connect(self.path_of_data)
        try:
            self._run(connection, sql, form, asked)
        except ConnectionError:
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - chdb has one class of error, and some of Python's
            self._whole(500, str(error).encode())
        finally:
            connection.close()

    def _run(self, connection: Any, sql: str, form: str, asked: dict[str, str]) -> None:
        kill = re.match(r"KILL QUERY", sql)
        if kill:  # by the comment that holds the id
            sql = KILLED.sub(r"startsWith(query, '/* \1 */')", sql)
        else:
            connection.query(f"USE `{asked.get('database', 'default')}`")
            later = [(name, value) for name, value in asked.items() if name not in OWN]
            for name, value in sorted(later, key=lambda one: one[0] == "readonly"):  # after it none can be set
                connection.query(f"SET {name} = '{value}'")
        if "query_id" in asked:
            sql = f"/* {asked['query_id']} */ {sql}"
        if form != "ArrowStream":
            self._whole(200, connection.query(sql, form).bytes() or b"", form)
            return
        done = threading.Event()
        if asked.get("cancel_http_readonly_queries_on_client_close") == "1" and asked.get("readonly", "0") != "0":
            threading.Thread(target=self._ended_with_client, args=(asked["query_id"], done), daemon=True).start()
        try:
            chunks = (chunk.bytes() for chunk in connection.send_query(sql, form))
            self._stream(chunks, lambda: connection.query(sql, form).bytes())
        finally:
            done.set()

    def _ended_with_client(self, query: str, done: threading.Event) -> None:
        """Ends a query whose client goes away."""
        while not done.wait(0.05):
            if _gone(self.connection):
                sql = f"KILL QUERY WHERE startsWith(query, '/* {query} */') ASYNC"
                import_module("chdb").connect(self.path_of_data).query(sql)
                return

    def _whole(self, status: int, body: bytes, form: str = "TabSeparated") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Format", form)
        if status != 200 and (code := re.search(rb"Code: (\d+)", body)):
            self.send_header("X-ClickHouse-Exception-Code", code[1].decode())
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, chunks: Iterator[bytes], empty: Callable[[], bytes]) -> None:
        """One stream of Arrow out of chdb's, which gives one for each block, and none where there are no rows."""
        first = next(chunks, b"") or empty()  # an error before the first rows has a status of its own
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("X-ClickHouse-Format", "ArrowStream")
        self.end_headers()
        try:
            with pa.ipc.open_stream(first) as one, pa.ipc.new_stream(pa.PythonFile(self, "w"), one.schema) as out:
                for batch in one:
                    out.write_batch(batch)
                for chunk in chunks:
                    for batch in pa.ipc.open_stream(chunk):
                        out.write_batch(batch)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - as the server does: its words after the rows
            self.write(f"\n{error}".encode())
        self.wfile.write(b"0\r\n\r\n")

    closed = False

    def write(self, chunk: bytes) -> int:
        if chunk:
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + bytes(chunk) + b"\r\n")
        return len(chunk)

    def flush(self) -> None:
        self.wfile.flush()

    def close(self) -> None:
        """The stream of Arrow ends; the connection does not."""


def _gone(client: socket.socket) -> bool:
    """Whether a connection was closed by its other end, which asks nothing while it waits for an answer."""
    try:
        return bool(select.select([client], [], [], 0)[0]) and not client.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


if __name__ == "__main__":
    port, Handler.path_of_data = int(sys.argv[1]), sys.argv[2]
    keeps = import_module("chdb").connect(Handler.path_of_data)  # the engine stays while there is a connection
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
