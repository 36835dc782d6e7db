"""A double of BigQuery's REST API, for what the emulator can't show: dry runs that tell bytes, maximum_bytes_billed, jobs
that take time and are cancelled, and errors with the reasons that BigQuery gives. Its answers have the shape of the real
ones; what a statement gives is worked out over the tables of a `Warehouse`."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import duckdb
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.services.bigquery_double_storage import Storage
from tests.services.bigquery_double_tables import Warehouse

LEAST_BILLED = 10 * 1024 * 1024
"""A job is billed for no less."""


@dataclass(frozen=True)
class Refusal(Exception):
    """An error as BigQuery tells it."""

    status: int
    reason: str
    message: str

    def body(self) -> dict[str, Any]:
        one = {"message": self.message, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.status, "message": self.message, "errors": [one], "status": "ERROR"}}


@dataclass
class Job:
    """A query job. `ends` is when it is done (monotonic)."""

    id: str
    config: dict[str, Any]
    ends: float
    table: tuple[str, str, str]
    bytes: int
    error: dict[str, str] | None = None
    stopped: bool = False

    @property
    def done(self) -> bool:
        return self.stopped or time.monotonic() >= self.ends


@dataclass
class BigQueryDouble:
    """`asked` are the requests: verb, path, body. `takes` is how many seconds a job takes. `fail` has the next requests of a
    kind (a verb and the end of a path) refused."""

    warehouse: Warehouse
    project: str = "billed"
    takes: float = 0.0
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    storage: Storage = field(init=False)
    address: str = ""
    _refusals: list[tuple[str, str, Refusal]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.storage = Storage(self.warehouse)

    def fail(self, verb: str, path: str, refusal: Refusal, *, times: int = 1) -> None:
        """Refuses so many requests whose path matches."""
        self._refusals += [(verb, path, refusal)] * times

    def bodies(self, verb: str, path: str) -> list[Any]:
        """What was asked so."""
        return [body for one, asked, body in self.asked if one == verb and re.search(path, asked)]

    def statements(self, *, dry: bool = False) -> list[str]:
        """The texts of jobs that were asked for, those of dry runs or the others."""
        return [
            body["configuration"]["query"]["query"]
            for body in self.bodies("POST", "/jobs$")
            if bool(body["configuration"].get("dryRun")) is dry
        ]

    # -- what it answers

    def answer(self, verb: str, path: str, query: dict[str, list[str]], body: Any) -> dict[str, Any]:
        with self._lock:
            self.asked.append((verb, path, body))
            for number, (one, pattern, refusal) in enumerate(self._refusals):
                if one == verb and re.search(pattern, path):
                    del self._refusals[number]
                    raise refusal
        for kind, pattern, handler in self._routes():
            found = re.fullmatch(pattern, path)
            if kind == verb and found:
                told: dict[str, Any] = handler(*found.groups(), query=query, body=body)
                return told
        raise Refusal(404, "notFound", f"Not found: {verb} {path}")

    def _routes(self) -> list[tuple[str, str, Callable[..., dict[str, Any]]]]:
        project = r"/bigquery/v2/projects/([^/]+)"
        return [
            ("POST", "/token", self._token),
            ("GET", f"{project}/datasets", self._datasets),
            ("GET", f"{project}/datasets/([^/]+)/tables", self._tables),
            ("GET", f"{project}/datasets/([^/]+)/tables/([^/]+)", self._table),
            ("POST", f"{project}/jobs", self._insert),
            ("GET", f"{project}/jobs/([^/]+)", self._job),
            ("POST", f"{project}/jobs/([^/]+)/cancel", self._cancel),
            ("GET", f"{project}/queries/([^/]+)", self._results),
        ]

    def _token(self, *, query: Any, body: Any) -> dict[str, Any]:
        return {"access_token": "told-by-the-double", "expires_in": 3600, "token_type": "Bearer"}

    def _datasets(self, project: str, *, query: Any, body: Any) -> dict[str, Any]:
        names = dict.fromkeys(dataset for owner, dataset, _ in self.warehouse.tables if owner == project)
        return {
            "kind": "bigquery#datasetList",
            "datasets": [
                {"id": f"{project}:{one}", "datasetReference": {"projectId": project, "datasetId": one}}
                for one in names
                if not one.startswith("_")
            ],
        }

    def _tables(self, project: str, dataset: str, *, query: Any, body: Any) -> dict[str, Any]:
        held = [table for key, table in self.warehouse.tables.items() if key[:2] == (project, dataset)]
        if not held:
            raise Refusal(404, "notFound", f"Not found: Dataset {project}:{dataset}")
        keys = ("kind", "id", "tableReference", "type", "timePartitioning", "clustering", "creationTime")
        listed = [{key: told[key] for key in keys if key in told} for told in (one.resource() for one in held)]
        return {"kind": "bigquery#tableList", "tables": listed, "totalItems": len(listed)}

    def _table(self, project: str, dataset: str, name: str, *, query: Any, body: Any) -> dict[str, Any]:
        table = self.warehouse.tables.get((project, dataset, name))
        if table is None:
            raise Refusal(404, "notFound", f"Not found: Table {project}:{dataset}.{name}")
        return table.resource()

    def _insert(self, project: str, *, query: Any, body: Any) -> dict[str, Any]:
        config = body["configuration"]
        text = config["query"]["query"]
        try:
            size = self.warehouse.bytes_of(text)
            if config.get("dryRun"):
                return self._resource(Job("", config, 0.0, ("", "", ""), size))
            told = body["jobReference"]["jobId"]
            job = Job(told, config, time.monotonic() + self.takes, (project, "_anon", f"t{len(self.jobs)}"), size)
            most = config["query"].get("maximumBytesBilled")
            if most is not None and max(size, LEAST_BILLED) > int(most):
                message = (
                    f"Query exceeded limit for bytes billed: {most}. {max(size, LEAST_BILLED)} or higher required."
                )
                job.error = {"reason": "bytesBilledLimitExceeded", "message": message}
            else:
                self.warehouse.keep(job.table, self.warehouse.run(text))
        except KeyError as error:
            raise Refusal(404, "notFound", f"Not found: Table {error.args[0]} was not found in location EU") from None
        except duckdb.Error as error:
            raise Refusal(400, "invalidQuery", str(error).splitlines()[0]) from None
        self.jobs[job.id] = job
        return self._resource(job)

    def _job(self, project: str, name: str, *, query: Any, body: Any) -> dict[str, Any]:
        return self._resource(self.jobs[name])

    def _cancel(self, project: str, name: str, *, query: Any, body: Any) -> dict[str, Any]:
        job = self.jobs[name]
        if not job.done:
            job.stopped = True
            job.error = {"reason": "stopped", "message": "Job execution was cancelled: User requested cancellation"}
        return {"kind": "bigquery#jobCancelResponse", "job": self._resource(job)}

    def _results(self, project: str, name: str, *, query: dict[str, list[str]], body: Any) -> dict[str, Any]:
        job = self.jobs[name]
        until = time.monotonic() + min(1.0, int(query.get("timeoutMs", ["10000"])[0]) / 1000)
        while not job.done and time.monotonic() < until:
            time.sleep(0.01)
        reference = {"projectId": project, "jobId": name, "location": "EU"}
        if not job.done:
            return {"kind": "bigquery#getQueryResultsResponse", "jobReference": reference, "jobComplete": False}
        if job.error is not None:
            status = {"stopped": 499, "bytesBilledLimitExceeded": 400}[job.error["reason"]]
            raise Refusal(status, job.error["reason"], job.error["message"])
        table = self.warehouse.tables[job.table]
        rows = [] if query.get("maxResults") == ["0"] else table.rows.to_pylist()
        told = [{"f": [{"v": None if value is None else str(value)} for value in row.values()]} for row in rows]
        return {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": reference,
            "jobComplete": True,
            "schema": {"fields": table.fields},
            "totalRows": str(table.rows.num_rows),
            "totalBytesProcessed": str(job.bytes),
            "cacheHit": False,
            **({"rows": told} if told else {}),
        }

    def _resource(self, job: Job) -> dict[str, Any]:
        dry = bool(job.config.get("dryRun"))
        project, dataset, table = job.table
        billed = -(-max(job.bytes, LEAST_BILLED) // (1024 * 1024)) * 1024 * 1024
        destination = {"projectId": project, "datasetId": dataset, "tableId": table}
        query = {**job.config["query"], **({} if dry else {"destinationTable": destination})}
        statistics: dict[str, Any] = {
            "creationTime": str(int(time.time() * 1000)),
            "totalBytesProcessed": str(job.bytes),
            "query": {"totalBytesProcessed": str(job.bytes), "statementType": "SELECT", "cacheHit": False},
        }
        if not dry and job.done:
            statistics |= {"totalSlotMs": "1234"}
            statistics["query"] |= {"totalBytesBilled": str(billed), "totalSlotMs": "1234"}
        status: dict[str, Any] = {"state": "DONE" if dry or job.done else "RUNNING"}
        if job.error is not None and job.done:
            status |= {"errorResult": job.error, "errors": [job.error]}
        return {
            "kind": "bigquery#job",
            "id": f"{self.project}:EU.{job.id}",
            "jobReference": {"projectId": self.project, "location": "EU", **({} if dry else {"jobId": job.id})},
            "configuration": {**job.config, "jobType": "QUERY", "query": query},
            "statistics": statistics,
            "status": status,
        }


def key_file(folder: Path, address: str) -> Path:
    """The key of a service account whose tokens the double gives."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    told = {
        "type": "service_account",
        "project_id": "billed",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": "lapwing@billed.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": f"{address}/token",
    }
    path = folder / "key.json"
    path.write_text(json.dumps(told))
    return path


@contextmanager
def bigquery_double(warehouse: Warehouse) -> Iterator[BigQueryDouble]:
    """A double that serves until the end."""
    double = BigQueryDouble(warehouse)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET", None)

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            as_json = "json" in (self.headers.get("Content-Type") or "")
            self._serve("POST", json.loads(sent) if sent and as_json else sent.decode())

        def _serve(self, verb: str, body: Any) -> None:
            address = urlsplit(self.path)
            try:
                status, told = 200, double.answer(verb, unquote(address.path), parse_qs(address.query), body)
            except Refusal as refusal:
                status, told = refusal.status, refusal.body()
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *told: object) -> None:
            """Nothing on the screen of tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with double.storage.serving():
            yield double
    finally:
        server.shutdown()
        server.server_close()
