"""Every route's answer over a real project is the document that OpenAPI names, nothing missing and nothing beside."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from pydantic import BaseModel

from lapwing.server.documents.asked import Band, Explanation, PlanAnswer, Queries, QueryAnswer
from lapwing.server.documents.audit import AuditDocument
from lapwing.server.documents.board import Board
from lapwing.server.documents.changes import Change
from lapwing.server.documents.following import Windows
from lapwing.server.documents.incidents import Incidents
from lapwing.server.documents.project import (
    CatalogDocument,
    Completions,
    Health,
    Metrics,
    Monitors,
    ProjectDocument,
    Sample,
)
from lapwing.server.documents.rollups import RefreshDocument, RollupsDocument, Runs

GETS: dict[str, type[BaseModel]] = {
    "/api/health": Health,
    "/api/project": ProjectDocument,
    "/api/metrics": Metrics,
    "/api/catalog": CatalogDocument,
    "/api/catalog/tables/files.orders/sample": Sample,
    "/api/rollups": RollupsDocument,
    "/api/rollups?check=false": RollupsDocument,
    "/api/rollups/runs?which=orders": Runs,
    "/api/rollups/refresh": RefreshDocument,
    "/api/rollups/audit": AuditDocument,
    "/api/sql/complete": Completions,
    "/api/queries": Queries,
    "/api/monitors": Monitors,
    "/api/board": Board,
    "/api/board?as_of=2024-02-01": Board,
    "/api/incidents?state=open": Incidents,
    "/api/incidents?state=retracted": Incidents,
    "/api/maintenance": Windows,
}
POSTS: dict[str, tuple[dict[str, Any], type[BaseModel]]] = {
    "/api/query/explain": ({"metrics": ["orders"], "by": ["shop"], "max_staleness": "10 minutes"}, Explanation),
    "/api/query": ({"metrics": ["orders", "return_rate"], "by": ["shop"], "grain": "month"}, QueryAnswer),
    "/api/sql/plan": ({"text": "select town, count(*) from files.orders where shop = 'a' group by 1"}, PlanAnswer),
    "/api/why": (
        {
            "metric": "orders",
            "start": "2024-01-08",
            "end": "2024-01-15",
            "against_start": "2024-01",
            "against_end": "2024-01-08",
        },
        Change,
    ),
    "/api/band": ({"metric": "orders", "grain": "day", "start": "2024-01", "end": "2024-02"}, Band),
}
JSON = {"content-type": "application/json"}


def undocumented(found: object, where: str = "") -> list[str]:
    """Keys that the document does not name."""
    if isinstance(found, BaseModel):
        inside = [undocumented(getattr(found, name), f"{where}.{name}") for name in type(found).model_fields]
        return [f"{where}.{name}" for name in found.model_extra or {}] + [one for part in inside for one in part]
    if isinstance(found, list):
        return [one for item in found[:3] for one in undocumented(item, f"{where}[]")]
    return []


@pytest.mark.parametrize("path", GETS)
def test_what_is_got(path: str, url: str) -> None:
    answer = requests.get(url + path, timeout=30)
    assert answer.status_code == 200, answer.text
    assert undocumented(GETS[path].model_validate_json(answer.content)) == []


@pytest.mark.parametrize("path", POSTS)
def test_what_is_asked(path: str, url: str) -> None:
    body, document = POSTS[path]
    answer = requests.post(url + path, data=json.dumps(body), headers=JSON, timeout=30)
    assert answer.status_code == 200, answer.text
    assert undocumented(document.model_validate_json(answer.content)) == []


def test_following_is_told_and_undone(url: str) -> None:
    made = requests.post(f"{url}/api/follow", json={"metric": "orders", "slice": {"shop": "a"}}, timeout=30)
    assert made.status_code == 201, made.text
    name = made.json()["name"]
    monitors = requests.get(f"{url}/api/monitors", timeout=30).json()["monitors"]
    assert [(one["name"], one["slice"], one["followed"]) for one in monitors] == [(name, {"shop": "a"}, True)]
    metrics = requests.get(f"{url}/api/metrics", timeout=30).json()["metrics"]
    assert {one["short"] for one in metrics if one["following"]} == {"orders"}
    assert requests.delete(f"{url}/api/follow/{name}", timeout=30).status_code == 204
    again = requests.delete(f"{url}/api/follow/{name}", timeout=30)
    assert (again.status_code, again.headers["content-type"]) == (404, "application/problem+json")
    slashed = requests.delete(f"{url}/api/follow/orders%3Ashop=a%2Fb", timeout=30)
    assert slashed.json()["detail"] == "Nothing called orders:shop=a/b is followed."


def test_a_slice_that_is_filtered_by_is_the_same_in_every_format(url: str) -> None:
    body: Any = {
        "metrics": ["orders", "amount"],
        "by": ["town"],
        "filters": [{"dimension": "shop", "values": ["a", "b"]}],
    }
    answer = requests.post(f"{url}/api/query", json=body, timeout=30).json()
    assert answer["data"]["town"] == ["Köln", "Wien"]
    rows = [list(row) for row in zip(*answer["data"].values(), strict=True)]
    csv = requests.post(f"{url}/api/query", json=body, headers={"accept": "text/csv"}, timeout=30)
    assert csv.headers["content-disposition"] == 'attachment; filename="lapwing.csv"'
    lines = [line.split(",") for line in csv.content.decode().splitlines()[1:]]
    assert [[town.strip('"'), int(orders), float(amount)] for town, orders, amount in lines] == rows


def test_the_largest_and_the_rest(url: str) -> None:
    plain: dict[str, Any] = {"metrics": ["orders"], "grain": "month", "end": "2024-03"}
    top = {**plain, "by": ["shop"], "top": {"count": 1, "metric": "amount"}}
    answer, whole = (requests.post(f"{url}/api/query", json=body, timeout=30).json() for body in (top, plain))
    months = whole["rows"]
    assert answer["data"]["rest"] == [False] * months + [True] * months
    assert {column["name"]: column["type"] for column in answer["columns"]}["rest"] == "boolean"
    parts = zip(answer["data"]["orders"][:months], answer["data"]["orders"][months:], strict=True)
    assert [one + rest for one, rest in parts] == whole["data"]["orders"]


def test_what_was_known(url: str) -> None:
    body = {"metrics": ["orders"], "as_known_at": "now"}
    answer = requests.post(f"{url}/api/query", json=body, timeout=30).json()
    plain = requests.post(f"{url}/api/query", json={"metrics": ["orders"]}, timeout=30).json()
    assert answer["data"] == plain["data"]
    assert answer["receipt"]["as_known_at"] is not None
    assert plain["receipt"]["as_known_at"] is None
    restated = requests.post(
        f"{url}/api/query", json={"metrics": ["orders"], "restated_since": "now"}, timeout=30
    ).json()
    assert restated["data"]["orders_restated"] == [0]
    assert restated["data"]["orders_before"] == plain["data"]["orders"]
    refused = requests.post(f"{url}/api/query", json={**body, "as_known_at": "2001-01-01"}, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (422, "not-remembered")
