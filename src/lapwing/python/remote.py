"""A server's HTTP API, by which rows come as a stream of Arrow."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pyarrow as pa

from lapwing.model.problem import Problem
from lapwing.python.errors import DatabaseError, OperationalError, ProgrammingError, of_problems
from lapwing.python.way import Asked, Json, Rows, Task

ARROW = "application/vnd.apache.arrow.stream"
LONGEST_PAUSE = 1.0
"""Seconds between two looks at a statement that is waited for, at most."""
PATIENCE = 30.0
"""Seconds that the server may take beyond a time limit."""


class RemoteRows:
    """See `Rows`. A stream that is closed early is cancelled by the server."""

    def __init__(self, way: Remote, response: http.client.HTTPResponse, query_id: str) -> None:
        self._way, self._response = way, response
        self.id = query_id
        try:
            self._reader = pa.ipc.open_stream(response)
        except (pa.ArrowException, OSError, http.client.HTTPException) as error:
            raise self._cut() from error
        self.schema: pa.Schema = self._reader.schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._reader
        except (pa.ArrowException, OSError, ValueError, http.client.HTTPException) as error:
            raise self._cut() from error
        finally:
            self.close()

    def _cut(self) -> DatabaseError:
        """Why the rows broke off, as the server knows it."""
        if error := _error(self._way.ask("GET", f"/api/queries/{self.id}")):
            return error
        return OperationalError(Problem("cut-off", "The server broke off the rows.", hint="Its log may tell why."))

    def cancel(self) -> None:
        self._way.cancel(self.id)

    def close(self) -> None:
        self._response.close()

    def receipt(self) -> Json | None:
        return None

    def fraction(self) -> float | None:
        found: float | None = self._way.ask("GET", f"/api/queries/{self.id}").get("fraction")
        return found


class RemoteTask:
    """See `Task`."""

    def __init__(self, way: Remote, query_id: str) -> None:
        self._way, self.id = way, query_id

    def look(self) -> Json:
        return self._way.ask("GET", f"/api/queries/{self.id}")

    def wait(self, until: float | None) -> None:
        pause = 0.02
        while self.look()["state"] == "running":
            left = pause if until is None else min(pause, until - time.monotonic())
            if left <= 0:
                return
            time.sleep(left)
            pause = min(LONGEST_PAUSE, pause * 1.5)

    def cancel(self) -> None:
        self._way.cancel(self.id)

    def rows(self) -> Rows:
        return RemoteRows(self._way, self._way.send("GET", f"/api/queries/{self.id}/rows", None, ARROW), self.id)

    def receipt(self) -> Json | None:
        found = self.look()
        if error := _error(found):
            raise error
        receipt: Json | None = found["receipt"]
        return receipt


class Remote:
    """See `Way`."""

    def __init__(self, address: str, token: str | None) -> None:
        self._address, self._token = address.rstrip("/"), token
        self.ask("GET", "/api/project")  # a wrong address or token is told at once

    def run(self, asked: Asked) -> Rows:
        return RemoteRows(self, self.send("POST", "/api/sql", asdict(asked), ARROW), asked.query_id)

    def submit(self, asked: Asked, priority: str) -> Task:
        self.ask("POST", "/api/queries", {**asdict(asked), "priority": priority})
        return RemoteTask(self, asked.query_id)

    def submitted(self, query_id: str) -> Task:
        found = RemoteTask(self, query_id)
        found.look()
        return found

    def cancel(self, query_id: str) -> None:
        try:
            self.ask("DELETE", f"/api/queries/{query_id}")
        except ProgrammingError:
            return  # it never came to the server, or ended long ago

    def tables(self) -> list[Json]:
        found = self.ask("GET", "/api/catalog")
        datasets = [{**one, "path": f"metrics.{one['name']}"} for one in found["datasets"]]
        names = ("path", "description", "columns")
        return [{name: one[name] for name in names} for one in (*found["tables"], *datasets)]

    def explain(self, text: str, zone: str | None) -> str:
        return str(self.ask("POST", "/api/sql/plan", {"text": text, "zone": zone})["text"])

    def query(self, body: Mapping[str, Any]) -> tuple[pa.Table, Json]:
        with self.send("POST", "/api/query", body, ARROW) as response:
            table = pa.ipc.open_stream(response.read()).read_all()
        metadata = table.schema.metadata or {}
        return table.replace_schema_metadata(None), json.loads(metadata.get(b"lapwing.receipt", b"{}"))

    def explain_query(self, body: Mapping[str, Any]) -> Json:
        return self.ask("POST", "/api/query/explain", body)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        with self.send(method, path, body, "application/json") as response:
            found: Json = json.loads(response.read())
            return found

    def send(self, method: str, path: str, body: Mapping[str, Any] | None, accept: str) -> http.client.HTTPResponse:
        headers = {"accept": accept, "content-type": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._address + path, data, headers, method=method)  # noqa: S310 - http(s), by connect
        limit = (body or {}).get("time_limit", 60.0)
        try:
            found: http.client.HTTPResponse = urlopen(request, timeout=limit + PATIENCE)  # noqa: S310
        except HTTPError as error:
            with error:
                raise of_problems(error.code, _problems(error.read(), error.code)) from error
        except (OSError, http.client.HTTPException) as error:
            says = f"The server at {self._address} does not answer: {error}."
            raise OperationalError(Problem("server-unreachable", says, hint="Is `lapwing serve` running?")) from error
        return found

    def close(self) -> None:
        """Nothing is kept open."""


def _error(found: Json) -> DatabaseError | None:
    """What a statement ended with, by its state."""
    if found.get("state") == "cancelled":
        return OperationalError(Problem("cancelled", "The query was cancelled."))
    if problem := found.get("problem"):
        return of_problems(problem["status"], tuple(Problem.of_dict(one) for one in problem["problems"]))
    return None


def _problems(body: bytes, status: int) -> tuple[Problem, ...]:
    try:
        found = tuple(Problem.of_dict(one) for one in json.loads(body)["problems"])
    except (ValueError, KeyError, TypeError):
        found = ()
    return found or (Problem("unexpected", f"The server answered with status {status}."),)
