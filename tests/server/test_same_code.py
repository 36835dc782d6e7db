"""A problem has the same code at every door of one server, by their own clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import adbc_driver_flightsql.dbapi as adbc
import psycopg
import pytest
import requests
from tests.server.postgres.conftest import listening
from tests.services.base import free_port
from tests.shop import PROJECT, serving, write_shop

import lapwing

MOST = 10_000
TOO_LARGE = "select i from range(1000000000000) numbers(i)"
BROKEN = "select sum(b) as s from broken.lines"
UNREACHED = "select * from down.orders"


@dataclass(frozen=True)
class Doors:
    """Where one server is reached."""

    http: str
    postgres: int
    flight: int


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with a limit of results, and a source where nobody listens."""
    folder: Path = write_shop(tmp_path_factory.mktemp("shop"))
    (folder / "broken").mkdir()
    lines = [f"{number},{number}" for number in range(50_000)]
    (folder / "broken" / "lines.csv").write_text("\n".join(["a,b", *lines, "1,many"]) + "\n")
    broken = "  broken: {type: files, path: broken}\n"
    down = '  down: {type: postgres, dsn: "postgresql://reader@127.0.0.1:1/shop"}\n'
    limits = f"result_limits: {{rows: {MOST}}}\n"
    (folder / "lapwing.yaml").write_text(PROJECT.replace("store:", f"{down}{broken}store:") + limits)
    return folder


@pytest.fixture(scope="module")
def doors(folder: Path) -> Iterator[Doors]:
    postgres, flight = free_port(), free_port()
    doors = ("--postgres", str(postgres), "--flight", str(flight))
    with serving(folder, "--no-refresh", "--audit-seconds", "0", *doors) as server:
        yield Doors(server.address, listening(server, postgres), listening(server, flight))


def by_http(doors: Doors, text: str) -> str:
    answer = requests.post(f"{doors.http}/api/sql", json={"text": text}, timeout=60)
    last = json.loads(answer.content.splitlines()[-1])
    told = last["problem"] if answer.ok else last
    assert told["status"] == {"broken-line": 502, "circuit-open": 503, "result-too-large": 422}.get(
        told["code"], told["status"]
    )
    return str(told["code"])


def by_postgres(doors: Doors, text: str) -> str:
    dsn = f"postgresql://anna@127.0.0.1:{doors.postgres}/shop"
    with psycopg.connect(dsn, autocommit=True) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(text)
    told = caught.value.diag
    code = str(told.constraint_name)
    assert told.sqlstate == {"broken-line": "58030", "circuit-open": "58030", "result-too-large": "54000"}.get(
        code, told.sqlstate
    )
    return code


def by_flight(doors: Doors, text: str) -> str:
    address = f"grpc://127.0.0.1:{doors.flight}"
    with (
        adbc.connect(address, autocommit=True) as connection,
        connection.cursor() as cursor,
        pytest.raises(adbc.Error) as caught,
    ):
        _table(cursor, text)
    return next(word for word in str(caught.value).replace(": ", "\n").split() if word in CODES or "source-" in word)


def _table(cursor: adbc.Cursor, text: str) -> None:
    cursor.execute(text)
    cursor.fetch_arrow_table()


def by_python(doors: Doors, text: str) -> str:
    with lapwing.connect(doors.http) as connection, pytest.raises(lapwing.Error) as caught:
        connection.sql(text).arrow()
    return str(caught.value.code)


CODES = ("broken-line", "circuit-open", "result-too-large")
SAID = {
    "syntax": ("select 1 +", 400, "42601", "ProgrammingError"),
    "not-a-query": ("insert into files.orders values (1)", 422, "25006", "NotSupportedError"),
    "unknown-column": ("select nope from files.orders", 404, "42703", "ProgrammingError"),
    "unknown-table": ("select * from files.order", 404, "42P01", "ProgrammingError"),
    "unknown-source": ("select * from fils.orders", 404, "3F000", "ProgrammingError"),
    "unknown-function": ("select lenght('a')", 404, "42883", "ProgrammingError"),
    "unknown-type": ("select cast(1 as strin)", 404, "42704", "ProgrammingError"),
    "unknown-dataset": ("select orders from metrics.order", 404, "42P01", "ProgrammingError"),
    "unknown-metric": ("select measure(nope) from metrics.orders", 404, "42703", "ProgrammingError"),
    "unknown-dimension": ("select orders from metrics.orders where nope = 1", 404, "42703", "ProgrammingError"),
    "metric-in-where": ("select orders from metrics.orders where amount > 1", 400, "42000", "ProgrammingError"),
    "subtotals": ("select shop, orders from metrics.orders group by rollup(shop)", 400, "42000", "ProgrammingError"),
    "not-grouped": ("select upper(shop), orders from metrics.orders order by shop", 400, "42000", "ProgrammingError"),
    "metrics-joined": (
        "select o.orders from metrics.orders o join places.towns t on o.town = t.town", 400, "42000", "ProgrammingError",
    ),
    "conversion": ("select cast(shop as int) from files.orders", 400, "22P02", "DataError"),
    "out-of-range": ("select count(*) + 9223372036854775807 from files.orders", 400, "22003", "ProgrammingError"),
    "table-function-refused": ("select * from read_csv('/etc/passwd')", 422, "42501", "NotSupportedError"),
    "function-refused": ("select getenv('HOME')", 422, "42501", "NotSupportedError"),
    "too-deep": ("select " + "(" * 600 + "1" + ")" * 600, 400, "42000", "ProgrammingError"),
}  # fmt: skip
"""Of each code a statement that meets it, its status over HTTP, its SQLSTATE, and PEP 249's exception."""
DOORS = [by_http, by_postgres, by_flight, by_python]


@pytest.mark.parametrize("door", DOORS)
def test_a_result_that_is_too_large(doors: Doors, door: Callable[[Doors, str], str]) -> None:
    assert door(doors, TOO_LARGE) == "result-too-large"


@pytest.mark.parametrize("door", DOORS)
def test_a_source_that_fails_inside_the_engine(doors: Doors, door: Callable[[Doors, str], str]) -> None:
    """A line that is no number, which the engine meets while it reads."""
    assert door(doors, BROKEN) == "broken-line"


@pytest.mark.parametrize("door", DOORS)
def test_a_source_that_is_left_alone(doors: Doors, door: Callable[[Doors, str], str]) -> None:
    """Asked until its circuit opens; once the circuit lets one try again, that one is told that nobody listens."""
    told = asked_until_open(doors, door)
    assert "circuit-open" in told
    assert told <= {"circuit-open", "source-unreachable"}


@pytest.mark.parametrize("code", SAID)
def test_every_door_says_the_same(doors: Doors, folder: Path, code: str) -> None:
    """Code, message, hint and place, each door in its own way."""
    text, status, state, exception = SAID[code]
    answer = requests.post(f"{doors.http}/api/sql", json={"text": text}, timeout=60)
    told = answer.json() if not answer.ok else json.loads(answer.content.splitlines()[-1])["problem"]
    (problem,) = told.get("problems") or [{name: told[name] for name in told if name not in ("status", "query_id")}]
    assert (told["code"], told["status"], problem["code"]) == (code, status, code)
    for where in (doors.http, folder):
        with lapwing.connect(where, progress=False) as connection, pytest.raises(lapwing.Error) as caught:
            connection.sql(text).arrow()
        (own,) = caught.value.problems
        assert own.as_dict() == problem
        assert type(caught.value).__name__ == exception
    dsn = f"postgresql://anna@127.0.0.1:{doors.postgres}/shop"
    with psycopg.connect(dsn, autocommit=True) as connection, pytest.raises(psycopg.Error) as failed:
        connection.execute(text.encode())
    diag, place = failed.value.diag, problem.get("place")
    said = str(replace(own, place=None, hint=None))  # with the nearest names
    assert (diag.sqlstate, diag.constraint_name, diag.message_primary) == (state, code, said)
    assert (diag.message_hint or None) == own.hint
    assert diag.statement_position == (str(place["column"]) if place else None)
    with (
        adbc.connect(f"grpc://127.0.0.1:{doors.flight}", autocommit=True) as flight,
        flight.cursor() as cursor,
        pytest.raises(adbc.Error, match=code) as refused,
    ):
        _table(cursor, text)
    assert problem["message"] in str(refused.value)


def test_health_tells_of_a_source_that_is_left_alone(doors: Doors) -> None:
    asked_until_open(doors, by_http)
    health = requests.get(f"{doors.http}/api/health", timeout=60)
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    (problem,) = health.json()["problems"]
    assert problem["code"] == "source-unreachable"
    assert "down does not answer" in problem["message"]
    assert problem["hint"]


def asked_until_open(doors: Doors, door: Callable[[Doors, str], str]) -> set[str]:
    """What it was told on the way."""
    pause, told = threading.Event(), set()
    for _ in range(200):
        code = door(doors, UNREACHED)
        told.add(code)
        if code == "circuit-open":
            break
        pause.wait(0.05)
    return told
