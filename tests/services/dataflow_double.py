"""A double of Dataflow's API: takes what the official client sends and nothing else, fetches the staged pipeline and packages
from Cloud Storage, and runs it to its end in a process of its own (`dataflow_worker`)."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from apache_beam.portability.api import beam_runner_api_pb2
from google.cloud import dataflow
from tests.services.gcs import Gcs

LIVE = ("JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_CANCELLING")
_PATH = re.compile(r"/v1b3/projects/([^/]+)/locations/([^/]+)/jobs(?:/([^/]+)(/messages|/metrics)?)?")
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,1022}[a-z0-9])?")


class Refusal(Exception):
    """An error as Google's APIs tell it."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code, self.status = code, status

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": str(self), "status": self.status}}


@dataclass
class DataflowJob:
    """A job as it was sent, and what became of it."""

    id: str
    sent: Any
    pipeline: bytes
    packages: dict[str, bytes]
    state: str = "JOB_STATE_PENDING"
    errors: list[str] = field(default_factory=list)
    counters: list[tuple[str, str, int]] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def told(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(dataflow.Job.to_json(self.sent, always_print_fields_with_no_presence=False))
        created = self.created.isoformat().replace("+00:00", "Z")
        return said | {"id": self.id, "currentState": self.state, "createTime": created}


@dataclass
class DataflowDouble:
    """`jobs` by id, `asked` verbs and paths. `gate`: workers begin when it is set. `fail` refuses requests to come; a job
    whose number is in `die` loses its workers."""

    gcs: Gcs
    project: str = "p"
    region: str = "europe-west1"
    address: str = ""
    gate: threading.Event = field(default_factory=threading.Event)
    jobs: dict[str, DataflowJob] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    die: set[int] = field(default_factory=set)
    _refusals: list[tuple[str, Refusal]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def fail(self, verb: str, refusal: Refusal, times: int = 1) -> None:
        """Refuses so many requests of a verb."""
        self._refusals += [(verb, refusal)] * times

    def answer(self, verb: str, target: str, body: bytes) -> dict[str, Any]:
        """What the API answers. Raises: Refusal."""
        url = urlsplit(target)
        with self._lock:
            self.asked.append((verb, url.path))
            at = next((number for number, (of, _) in enumerate(self._refusals) if of == verb), None)
            if at is not None:
                raise self._refusals.pop(at)[1]
            found = _PATH.fullmatch(url.path)
            if found is None or (found[1], found[2]) != (self.project, self.region):
                raise Refusal(404, "NOT_FOUND", f"{url.path} was not found.")
            return self._answer(verb, found[3], found[4], parse_qs(url.query), body)

    def _answer(
        self, verb: str, number: str | None, of: str | None, query: dict[str, list[str]], body: bytes
    ) -> dict[str, Any]:
        if number is None and verb == "POST":
            return self._create(body)
        if number is None:
            names = query.get("name", [])
            return {"jobs": [job.told() for job in self.jobs.values() if not names or job.sent.name in names]}
        if number not in self.jobs:
            raise Refusal(404, "NOT_FOUND", f"Job {number} was not found.")
        job = self.jobs[number]
        if verb == "PUT":
            if json.loads(body).get("requestedState") not in ("JOB_STATE_CANCELLED", 5):
                raise Refusal(400, "INVALID_ARGUMENT", "Only JOB_STATE_CANCELLED can be asked for.")
            self._cancel(job)
        if of == "/messages":
            time = job.created.isoformat().replace("+00:00", "Z")
            said = [{"id": str(n), "time": time, "messageText": text} for n, text in enumerate(job.errors)]
            return {"jobMessages": [one | {"messageImportance": "JOB_MESSAGE_ERROR"} for one in said]}
        if of == "/metrics":
            return {"metrics": [_metric(*one) for one in job.counters]}
        return job.told()

    def _create(self, body: bytes) -> dict[str, Any]:
        try:
            sent = dataflow.Job.from_json(body.decode(), ignore_unknown_fields=False)
        except Exception as error:
            raise Refusal(400, "INVALID_ARGUMENT", f"The job can't be read: {error}") from error
        if not _NAME.fullmatch(sent.name) or not sent.client_request_id:
            raise Refusal(400, "INVALID_ARGUMENT", f"{sent.name!r} is no name of a job.")
        for job in self.jobs.values():
            if job.sent.name == sent.name and job.state in LIVE:
                return job.told()  # with the request's id of the one that is there
        pipeline, packages = self._staged(sent)
        job = DataflowJob(f"2026-11-27_{len(self.jobs):02}", sent, pipeline, packages)
        self.jobs[job.id] = job
        threading.Thread(target=self._run, args=[job, len(self.jobs) - 1], daemon=True).start()
        return job.told()

    def _staged(self, sent: Any) -> tuple[bytes, dict[str, bytes]]:
        """The pipeline and the packages of its workers, as they lie in Cloud Storage, whole."""
        environment = sent.environment
        options = dict(environment.sdk_pipeline_options)["options"]
        if not environment.temp_storage_prefix.startswith("storage.googleapis.com/"):
            raise Refusal(400, "INVALID_ARGUMENT", "There is no place for what is kept while it runs.")
        if dict(environment.version)["job_type"] != "FNAPI_BATCH" or len(environment.worker_pools) != 1:
            raise Refusal(400, "INVALID_ARGUMENT", "It is not a batch job with one pool of workers.")
        pipeline = self._fetched(options["pipelineUrl"], options["pipelineProtoHash"])
        proto = beam_runner_api_pb2.Pipeline.FromString(pipeline)
        packages: dict[str, bytes] = {}
        for one in proto.components.environments.values():
            if one.urn != "beam:env:docker:v1":
                raise Refusal(400, "INVALID_ARGUMENT", f"Workers are containers, and not {one.urn}.")
            for dependency in one.dependencies:
                payload = beam_runner_api_pb2.ArtifactUrlPayload.FromString(dependency.type_payload)
                role = beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(dependency.role_payload)
                packages[role.staged_name] = self._fetched(payload.url, payload.sha256)
        listed = {package.name for package in environment.worker_pools[0].packages}
        if not set(packages) <= listed:
            raise Refusal(400, "INVALID_ARGUMENT", f"The pool has {listed} and needs {set(packages)}.")
        return pipeline, packages

    def _fetched(self, url: str, sha256: str) -> bytes:
        try:
            data = self.gcs.read(url)
        except FileNotFoundError as error:
            raise Refusal(400, "INVALID_ARGUMENT", f"{url} is not there.") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Refusal(400, "INVALID_ARGUMENT", f"{url} is not what it should be.")
        return data

    def _cancel(self, job: DataflowJob) -> None:
        if job.state in LIVE:
            job.state = "JOB_STATE_CANCELLED"
            if job.process is not None:
                job.process.kill()

    def _run(self, job: DataflowJob, number: int) -> None:
        """The job's workers, from the first to the last."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, data in job.packages.items():
                (root / name).write_bytes(data)
                if name.endswith(".whl"):
                    zipfile.ZipFile(root / name).extractall(root / "staged")
            (root / "pipeline").write_bytes(job.pipeline)
            while not self.gate.wait(0.05):
                if job.state not in LIVE:
                    return
            worker = Path(__file__).with_name("dataflow_worker.py")
            command = [sys.executable, *map(str, (worker, root / "staged", root / "pipeline", root / "result"))]
            with self._lock:
                if job.state not in LIVE:
                    return
                job.state = "JOB_STATE_RUNNING"
                environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
                job.process = subprocess.Popen(
                    command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
                if number in self.die:
                    job.process.kill()
            said = job.process.communicate()[0].decode(errors="replace")
            with self._lock:
                if job.state not in LIVE:
                    return
                if job.process.returncode == 0:
                    job.counters = json.loads((root / "result").read_text())
                    job.state = "JOB_STATE_DONE"
                else:
                    job.errors.append(said.strip() or "The worker lost contact with the service.")
                    job.state = "JOB_STATE_FAILED"

    def wait(self, count: int, *states: str, seconds: float = 60.0) -> list[DataflowJob]:
        """All jobs, when there are so many in one of these states."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = [job for job in self.jobs.values() if not states or job.state in states]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise TimeoutError(f"{[(job.id, job.state, job.errors) for job in self.jobs.values()]}")


def _metric(namespace: str, name: str, value: int) -> dict[str, Any]:
    return {"name": {"origin": "user", "name": name, "context": {"namespace": namespace}}, "scalar": value}


@contextmanager
def dataflow_double(gcs: Gcs) -> Iterator[DataflowDouble]:
    """The API at `http://localhost:PORT`, over HTTP, with the bucket `gs://work`."""
    double = DataflowDouble(gcs)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, told = 200, double.answer(self.command, self.path, body)
            except Refusal as refusal:
                status, told = refusal.code, refusal.body()
            data = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.address = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield double
    finally:
        for job in double.jobs.values():
            double._cancel(job)
        server.shutdown()
        server.server_close()
