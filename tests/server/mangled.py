"""Requests as no client should send them: those of every route that takes a body, changed at random. The same seed gives the
same requests. Whatever is posted, the answer is one, or a problem document that says what is wrong: no 500, no trace."""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.shop import Server

ASKED: dict[str, Any] = {
    "/api/query": {
        "metrics": ["orders"], "by": ["shop"], "grain": "day", "start": "2024-01-01", "end": "2024-01-05", "zone": "UTC",
        "where": "town = 'Wien'", "filters": [{"dimension": "shop", "values": ["a", None], "exclude": False}],
        "order": [{"name": "orders", "descending": True}], "limit": 5, "time_limit": 5.0,
    },
    "/api/query/explain": {"metrics": ["amount"], "by": ["town"], "max_staleness": "10 minutes", "top": {"count": 3}},
    "/api/sql": {"text": "select shop, count(*) from files.orders group by 1", "zone": "UTC", "time_limit": 5.0, "limit": 10},
    "/api/sql/plan": {"text": "select measure(orders) from metrics.orders where town = 'Wien'", "zone": "Europe/Berlin"},
    "/api/band": {"metric": "orders", "grain": "day", "start": "2024-01-01", "end": "2024-02-01"},
    "/api/why": {"metric": "orders", "start": "2024-02-01", "end": "2024-02-02", "by": ["shop"]},
    "/api/follow/backtest": {"metric": "orders.orders", "grain": "day", "slice": {"shop": "a"}, "sensitivity": 4.0},
    "/api/incidents/none/actions": {"action": "comment", "who": "anna", "text": "so"},
    "/api/maintenance": {"name": "none", "start": "2024-01-01", "end": "2024-01-02", "who": "anna", "monitors": []},
    "/api/rollups/refresh": {"which": "nothing"},
}  # fmt: skip
"""Each route with a body that it takes."""
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, 10**30, -(2**63), "", " ", "\0", "é", "🐦", "\ud800", "'", "\"", "' or 1=1 --",
    "now-999999999d",
    "9999-12-31", "0000-00-00", "-7d/d", "fortnight", "Mars/Olympus", "../../etc/passwd", "x" * 5_000, "9" * 400, [], {}, [[]],
    {"a": 1}, [None], ["x"] * 200, "select 1; drop table x", "select * from read_csv('/etc/passwd')", "select '", "(" * 600,
    "metrics.orders", "select x'é'", "lapwing", float("nan"), float("inf"),
)  # fmt: skip
TYPES = (
    "application/json", "application/json; charset=utf-16", "application/json;charset=", "APPLICATION/JSON", "text/plain", "",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json, text/html", "é",
)  # fmt: skip
ACCEPTS = (
    "*/*", "", "text/csv", "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream;q=x", "text/csv;q=2, */*;q=-1",
    "nothing/at-all", "," * 50, ";;;", "application/json;q=0",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    path: str
    body: bytes
    headers: dict[str, str]


def requests_of(seed: int) -> Iterator[Asked]:
    """Without end."""
    rng = random.Random(seed)
    paths = list(ASKED)
    while True:
        path = rng.choice(paths)
        body = json.dumps(changed(ASKED[path], rng)).encode()
        if rng.random() < 0.3:
            body = broken(body, rng)
        headers = {"content-type": rng.choice(TYPES) if rng.random() < 0.1 else "application/json"}
        if rng.random() < 0.2:
            headers["accept"] = rng.choice(ACCEPTS)
        if rng.random() < 0.05:
            headers[rng.choice(("origin", "lapwing-user", "cookie", "content-encoding"))] = rng.choice(
                ("null", "gzip", "é" * 9, 'a="b')
            )
        if rng.random() < 0.05:
            path += rng.choice(("?x=1", "?limit=-1&limit=", "?%00", "/", "/..", "%2f", "?" + "a" * 3_000))
        headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        yield Asked(path, body, headers)


def changed(value: Any, rng: random.Random, share: float = 0.25) -> Any:
    """The value with some of its parts, or itself, replaced by odd ones, left out or nested."""
    chance = rng.random()
    if chance < share / 4:
        return rng.choice(ODD)
    if isinstance(value, dict):
        kept = {name: changed(one, rng, share) for name, one in value.items() if rng.random() > share / 4}
        if rng.random() < share / 4:
            kept[rng.choice(("metric", "engine", "as_known_at", "query_id", "priority", "x", ""))] = rng.choice(ODD)
        return kept
    if isinstance(value, list):
        return [changed(one, rng, share) for one in value] * rng.choice((1, 1, 1, 0, 2))
    if chance < share / 2:
        return rng.choice(([value], {"value": value}, str(value), [[[value]]]))
    if isinstance(value, str) and chance < share:
        at = rng.randrange(len(value) + 1)
        return value[:at] + str(rng.choice(ODD)) + value[at:]
    return value


def broken(body: bytes, rng: random.Random) -> bytes:
    """What is no JSON, or hard to read as such."""
    at = rng.randrange(len(body) + 1)
    match rng.randrange(9):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + rng.randbytes(3) + body[at:]
        case 2:
            return body.decode().encode("utf-16")
        case 3:
            return b"\xef\xbb\xbf" + body
        case 4:
            return b"[" * rng.choice((100, 10_000)) + body
        case 5:
            return b'{"text": ' * 3_000 + b"1" + b"}" * 3_000
        case 6:
            return b""
        case 7:
            return body.replace(b":", b"", 1)
    return body + b" " * rng.choice((10, 1_000_000))


SECONDS = 60.0


def asked(connection: http.client.HTTPConnection, one: Asked) -> tuple[int, str, bytes]:
    connection.request("POST", one.path, one.body, one.headers)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("content-type", ""), answer.read()


def wrong(status: int, kind: str, body: bytes) -> str | None:
    """What is wrong with an answer."""
    if b"Traceback (most" in body or b'File "/' in body:
        return "it shows a trace"
    if status < 300:
        return None
    if status >= 500 and status != 504:
        return f"{status}: {body[:300]!r}"
    if kind != "application/problem+json":
        return f"{status} is {kind}"
    told = json.loads(body)
    if told["status"] != status or not told["code"] or not told["detail"] or not told["problems"][0]["message"]:
        return f"it says {told}"
    return None


def run(server: Server, seed: int, count: int) -> None:
    found, before = [], len(server.log.read_text())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    for _, one in zip(range(count), requests_of(seed), strict=False):
        try:
            answer = asked(connection, one)
        except (
            http.client.HTTPException,
            ConnectionError,
        ):  # it may be closed over what was not read; never amid an answer
            connection.close()
            try:
                answer = asked(connection, one)
            except ConnectionError:
                connection.close()
                continue
        told = wrong(*answer)
        if told is not None:
            found.append(f"{one.path} {one.headers} {one.body[:300]!r}\n    {told}")
    connection.close()
    log = server.log.read_text()[before:]
    if "unexpected" in log:
        found.append(log[max(0, log.index("unexpected") - 200) :][:3_000])
    if found:
        pytest.fail(f"{len(found)} are answered wrongly:\n" + "\n".join(found[:15]), pytrace=False)
