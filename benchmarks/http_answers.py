"""Metric answers over HTTP, a series of 300 hourly buckets each, asked by wrk on the same machine.

    python -m benchmarks.http_answers [--small] [--json FILE]

Three loads on one server: another account in every question, so that nothing is answered twice; sixteen questions asked
over and over, as many people looking at one dashboard do; and, as what there is at most, a bare handler on the same HTTP
server that sends bytes of the same length.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.services.base import apt_install, free_port

from benchmarks.cached_read import _data
from benchmarks.report import arguments
from benchmarks.serving import served, started
from lapwing.query.service import Lapwing

BUCKETS, CONNECTIONS, DISTINCT = 300, 16, 100_000
LUA = """
local bodies = {{}}
for line in io.lines("{bodies}") do bodies[#bodies + 1] = line end
local at = {first}
request = function()
  at = at % #bodies + 1
  return wrk.format("POST", "/api/query", {{["Content-Type"] = "application/json"}}, bodies[at])
end
"""
BARE = """
import asyncio, sys
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
body = b"x" * int(sys.argv[2])
async def app(scope, receive, send):
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
asyncio.run(Server(app, address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.ASGINL,
                   http=HTTPModes.http1, websockets=False, log_enabled=False).serve())
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw: answers a second, latencies in milliseconds, and how many were no answers."""

    name: str
    per_second: float
    p50: float
    p99: float
    failed: int


def main() -> None:
    """Builds, serves, and loads the server for some seconds each way."""
    options = arguments("Metric answers a second over HTTP.")
    accounts, seconds = (300, 5) if options.small else (3_000, 15)
    apt_install("wrk")
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _data(root, accounts)
        with Lapwing.open(root) as lapwing:
            lapwing.cache.build().checked()
        anew, again = root / "anew", root / "again"
        questions = [_question(n, accounts) for n in range(DISTINCT)]
        anew.write_text("\n".join(questions))
        again.write_text("\n".join(questions[:16]))
        port = served(stack, root)
        answer = _ask(port, questions[0])
        document = json.loads(answer)
        if document["rows"] != BUCKETS:
            sys.exit(f"{document['rows']} buckets, not {BUCKETS}")
        bare = free_port()
        started(stack, [sys.executable, "-c", BARE, str(bare), str(len(answer))], f"http://127.0.0.1:{bare}/")
        loads = [
            _load("another question each time", port, anew, root, seconds),
            _load("sixteen questions again and again", port, again, root, seconds),
            _load("a bare handler, as many bytes", bare, again, root, seconds),
        ]
        _show(loads, {"cells": f"{accounts * 720:,}", "bytes of an answer": f"{len(answer):,}"}, options.json)


def _question(number: int, accounts: int) -> str:
    """Different in account or in start from all others below `DISTINCT`."""
    account, first = number % accounts, number // accounts
    start = f"2025-04-{1 + first // 24 % 17:02}T{first % 24:02}:00:00Z"
    end = f"2025-04-{1 + (first + BUCKETS) // 24 % 31:02}T{(first + BUCKETS) % 24:02}:00:00Z"
    name = f"account{account:06}"
    ask = {"metrics": ["impressions"], "grain": "hour", "start": start, "end": end}
    return json.dumps({**ask, "filters": [{"dimension": "account", "values": [name]}]})


def _load(name: str, port: int, bodies: Path, root: Path, seconds: int) -> Load:
    script = root / "ask.lua"
    script.write_text(LUA.format(bodies=bodies, first=0))
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    said = subprocess.run([*wrk, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert per_second is not None, said
    failed = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", said))
    failed += sum(int(n) for n in re.findall(r"(?:connect|read|write|timeout) (\d+)", said))
    return Load(name, float(per_second[1]), _latency(said, "50%"), _latency(said, "99%"), failed)


def _latency(said: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", said)
    assert found is not None, said
    return float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]]


def _ask(port: int, body: str) -> bytes:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/query", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def _show(loads: list[Load], facts: dict[str, str], file: Path | None) -> None:
    print(f"\nSeries of {BUCKETS} hourly buckets over HTTP, {CONNECTIONS} connections")
    for name, value in facts.items():
        print(f"  {name}: {value}")
    print(f"\n  {'':35}  {'a second':>9}  {'p50 ms':>8}  {'p99 ms':>8}  failed")
    for load in loads:
        print(f"  {load.name:35}  {load.per_second:9,.0f}  {load.p50:8.2f}  {load.p99:8.2f}  {load.failed}")
    if file:
        file.write_text(json.dumps({"facts": facts, "loads": [asdict(load) for load in loads]}, indent=1))


if __name__ == "__main__":
    main()
