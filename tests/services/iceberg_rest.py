"""A catalog of Iceberg tables by HTTP, as its REST specification tells, over one that keeps its tables in SQLite. It is only
read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


@contextmanager
def iceberg_rest(catalog: Any, token: str | None) -> Iterator[str]:
    """Its URL; it answers those who bring the token, all without one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")[1:]]
            if token is not None and self.headers.get("Authorization") != f"Bearer {token}":
                self._answer(401, _error(401, "NotAuthorizedException", "a token is needed"))
                return
            try:
                self._answer(200, _asked(catalog, parts, "parent=" in self.path))
            except LookupError as error:
                self._answer(404, _error(404, "NoSuchTableException", str(error)))

        def do_HEAD(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *given: object) -> None:
            pass

        def _answer(self, status: int, body: object) -> None:
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _asked(catalog: Any, parts: list[str], inner: bool) -> object:
    from pyiceberg.exceptions import NoSuchTableError

    match parts:
        case ["config"]:
            return {"defaults": {}, "overrides": {}}
        case ["namespaces"]:
            return {"namespaces": [] if inner else [list(one) for one in catalog.list_namespaces()]}
        case ["namespaces", namespace, "tables"]:
            return {
                "identifiers": [
                    {"namespace": list(one[:-1]), "name": one[-1]} for one in catalog.list_tables(namespace)
                ]
            }
        case ["namespaces", namespace, "tables", name]:
            try:
                table = catalog.load_table((namespace, name))
            except NoSuchTableError as error:
                raise LookupError(f"there is no table {namespace}.{name}") from error
            metadata = json.loads(table.metadata.model_dump_json())
            return {"metadata-location": table.metadata_location, "metadata": metadata, "config": {}}
    raise LookupError("/".join(parts))


def _error(code: int, kind: str, says: str) -> object:
    return {"error": {"code": code, "type": kind, "message": says}}
