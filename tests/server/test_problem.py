"""Every error over HTTP is RFC 9457's document, with what is wrong, where, the nearest valid thing and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from lapwing.server.documents.base import ProblemDocument

ASKED: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("query", {"metrics": ["ordrs"]}, 404, "unknown-metric", "Did you mean orders?"),
    ("query", {"metrics": ["orders"], "by": ["twon"]}, 404, "unknown-dimension", "Did you mean town?"),
    ("query", {"metrics": ["orders"], "where": "twon = 'Wien'"}, 404, "unknown-dimension", "Did you mean town?"),
    ("query", {"metrics": ["orders"], "zone": "Europe/Berln"}, 400, "unknown-zone", "Europe/Berlin"),
    ("query", {"metrics": ["orders"], "grain": "daz"}, 400, "bad-grain", "Did you mean day?"),
    (
        "query",
        {"metrics": ["orders"], "start": "2024-03", "end": "2024-01"},
        400,
        "from-after-to",
        "Change the two round",
    ),
    ("query", {"metrics": ["orders"], "start": "someday"}, 400, "bad-time", "such as 2013-02"),
    ("query", {"metrics": ["orders"], "where": "shop ="}, 400, "bad-filter", "something is missing"),
    ("query", {"metrics": ["orders"], "order": [{"name": "ordrs"}]}, 404, "unknown-order", "Did you mean orders?"),
    ("query", {"metrics": []}, 400, "bad-request", "metrics"),
    ("query", {"metricks": ["orders"]}, 400, "missing-key", "metrics"),
    ("query", {"metrics": ["orders"], "gran": "day"}, 400, "unknown-key", "Did you mean grain?"),
    ("sql", {"text": "selec 1"}, 400, "syntax", "selec"),
    ("sql", {"text": "select * from files.ordrs"}, 404, "unknown-table", "Did you mean files.orders?"),
    ("sql", {"text": "select shp from files.orders"}, 404, "unknown-column", "Did you mean shop?"),
    ("sql", {"text": "delete from files.orders"}, 422, "not-a-query", "only reads"),
    ("sql", {"text": "select 1", "zone": "Mars/X"}, 400, "unknown-zone", "Mars/X"),
    ("sql", {"text": "select 1", "tim_limit": 3}, 400, "unknown-key", "Did you mean time_limit or limit?"),
    ("sql", {"text": "select 1", "time_limit": -1}, 400, "bad-request", "time_limit"),
    ("follow", {"metric": "ordrs"}, 404, "unknown-metric", "Did you mean orders?"),
    ("band", {"metric": "orders", "grain": "day"}, 400, "range-needed", "start and an end"),
]


def checked(answer: requests.Response) -> ProblemDocument:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = ProblemDocument.model_validate_json(answer.content)
    assert found.status == answer.status_code
    assert found.type == f"urn:lapwing:problem:{found.code}"
    assert "Traceback" not in answer.text
    return found


@pytest.mark.parametrize(("path", "body", "status", "code", "says"), ASKED, ids=lambda value: str(value)[:60])
def test_a_wrong_question(path: str, body: dict[str, Any], status: int, code: str, says: str, url: str) -> None:
    found = checked(requests.post(f"{url}/api/{path}", json=body, timeout=20))
    assert (found.status, found.code) == (status, code), found.detail
    assert says in found.detail


def test_an_error_of_a_running_statement_is_its_last_line(url: str) -> None:
    last = requests.post(f"{url}/api/sql", json={"text": "select 5 % 0"}, timeout=20).text.splitlines()[-1]
    found = json.loads(last)["problem"]
    assert (found["status"], found["code"], "nullif" in found["hint"]) == (400, "division-by-zero", True)


def test_a_wrong_path_names_the_nearest(url: str) -> None:
    found = checked(requests.get(f"{url}/api/metrcs", timeout=10))
    assert (found.status, found.code) == (404, "unknown-path")
    assert "/api/metrics" in found.detail


def test_a_wrong_method_names_the_right_ones(url: str) -> None:
    for path, allowed in (("query", "POST"), ("board", "GET")):
        answer = requests.put(f"{url}/api/{path}", json={}, timeout=10)
        assert checked(answer).status == 405
        assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["query", "sql", "follow", "band"])
@pytest.mark.parametrize("body", ["", "{", "[1]", '"x"', "null", '{"text": "\\ud800"}'])
def test_a_body_that_is_none(path: str, body: str, url: str) -> None:
    headers = {"content-type": "application/json"}
    assert checked(requests.post(f"{url}/api/{path}", data=body, headers=headers, timeout=10)).status == 400


@pytest.mark.parametrize("path", ["queries/none", "incidents/0", "incidents/x", "catalog/tables/files.ordrs/sample"])
def test_what_is_not_there(path: str, url: str) -> None:
    assert checked(requests.get(f"{url}/api/{path}", timeout=10)).status == 404
