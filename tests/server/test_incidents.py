"""Acting on incidents over HTTP: every answer is its document, and of two who want the same one is first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.alerts.shop import BAD_DAY, orders, write_shop
from tests.server.test_routes import undocumented
from tests.shop import serving

from lapwing.server.documents.following import Window, Windows
from lapwing.server.documents.incidents import IncidentView


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The night after the bad day."""
    table = orders(end=BAD_DAY + timedelta(days=1))
    root: Path = write_shop(tmp_path_factory.mktemp("night"), now="2024-02-21T02:00", table=table)
    with serving(root) as server:
        yield server.address


@pytest.fixture(scope="module")
def number(url: str) -> str:
    found = requests.get(f"{url}/api/board", timeout=30).json()
    return str(next(one["id"] for one in found["incidents"] if one["monitor"] == "failed_daily"))


def act(url: str, number: str, action: str, **more: Any) -> requests.Response:
    body = {"action": action, "who": "Ann", **more}
    return requests.post(f"{url}/api/incidents/{number}/actions", json=body, timeout=30)


def test_an_incident_and_what_is_done_to_it(url: str, number: str) -> None:
    assert act(url, number, "comment", text="Card provider?").status_code == 200
    assert act(url, number, "assign", to="Bo").json()["assignee"] == "Bo"
    answer = act(url, number, "snooze", until="now+4h")
    view = IncidentView.model_validate_json(answer.content)
    assert [one for one in undocumented(view) if not one.startswith((".related", ".why", ".receipt"))] == []
    assert (view.state, view.snoozed_until) == ("open", "2024-02-21T06:00:00-05:00")
    assert [(one.who, one.text) for one in view.comments] == [("Ann", "Card provider?")]
    assert [(step.kind, step.who) for step in view.story[-2:]] == [("assigned", "Ann"), ("snoozed", "Ann")]
    board = requests.get(f"{url}/api/board", timeout=30).json()
    assert [one["id"] for one in board["snoozed"]] == [number]
    resolved = act(url, number, "resolve").json()
    assert (resolved["state"], resolved["reason"]) == ("resolved", "by_hand")
    assert act(url, number, "acknowledge").status_code == 409
    assert act(url, number, "reopen").json()["state"] == "open"


def test_of_two_one_is_first(url: str, number: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda who: act(url, number, "acknowledge", who=who), ["Ann", "Bo", "Cy", "Di"]))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    first = next(answer for answer in answers if answer.status_code == 200).json()["acknowledged"]["who"]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["code"], refused["detail"]) == ("acknowledged-already", f"{first} has acknowledged it already.")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"action": "snooze", "who": "Ann"}, 400, "until-needed"),
        ({"action": "snooze", "who": "Ann", "until": "-1h"}, 400, "bad-until"),
        ({"action": "comment", "who": "Ann"}, 400, "empty-comment"),
        ({"action": "acknowledge"}, 400, "missing-key"),
        ({"action": "celebrate", "who": "Ann"}, 400, "bad-request"),
    ],
)
def test_what_is_asked_wrongly(url: str, number: str, body: dict[str, str], status: int, code: str) -> None:
    answer = requests.post(f"{url}/api/incidents/{number}/actions", json=body, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_incident_that_is_not_there(url: str) -> None:
    assert act(url, "9999", "acknowledge").status_code == 404
    assert act(url, "x", "acknowledge").status_code == 404


def test_maintenance_by_click(url: str) -> None:
    body = {"name": "Move", "start": "2024-02-20", "end": "2024-02-21", "who": "Ann", "monitors": ["rate_hourly"]}
    made = requests.post(f"{url}/api/maintenance", json=body, timeout=30)
    assert made.status_code == 201
    window = Window.model_validate_json(made.content)
    assert undocumented(window) == []
    listed = Windows.model_validate_json(requests.get(f"{url}/api/maintenance", timeout=30).content)
    assert listed.windows == [window]
    found = requests.get(f"{url}/api/incidents?state=retracted", timeout=30).json()["incidents"]
    assert {one["monitor"] for one in found} == {"rate_hourly"}
    where = f"{url}/api/maintenance/{window.id}?who=Ann"
    assert [requests.delete(where, timeout=30).status_code for _ in range(2)] == [204, 409]
    assert requests.delete(f"{url}/api/maintenance/x?who=Ann", timeout=30).status_code == 404
    assert requests.post(f"{url}/api/maintenance", json={**body, "end": "2024-02-19"}, timeout=30).status_code == 400
    found = requests.get(f"{url}/api/incidents?state=retracted", timeout=30).json()["incidents"]
    assert found == []
