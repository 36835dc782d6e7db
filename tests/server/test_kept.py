"""Answers that are given again."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from tests.shop import build, serving, write_shop

from lapwing.query.service import Lapwing
from lapwing.server.kept import LONGEST, SECONDS


def ask(url: str, accept: str = "application/json", **body: Any) -> requests.Response:
    answer = requests.post(f"{url}/api/query", json=body, headers={"accept": accept}, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer


def receipt(url: str, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = ask(url, **body).json()["receipt"]
    return found


def again(url: str, **body: Any) -> tuple[str, str]:
    """The receipts' ids of the same question asked twice, within the time for which answers are kept."""
    ask(url, **body)  # opens the store
    for _ in range(20):
        time.sleep(SECONDS)  # what was kept before is over, so that the first of the two is new
        began = time.monotonic()
        first, second = ask(url, **body), ask(url, **body)
        if time.monotonic() - began < SECONDS / 2:
            return first.json()["receipt"]["id"], second.json()["receipt"]["id"]
    raise AssertionError("too slow to tell")


def test_the_same_question_has_the_same_answer_for_a_moment(url: str) -> None:
    # What the server writes down of questions, each half minute, may come in between.
    pairs = [again(url, metrics=["orders"], by=["shop"]) for _ in range(3)]
    first = next((one for one, other in pairs if one == other), None)
    assert first is not None, receipt(url, metrics=["orders"], by=["shop"])
    assert receipt(url, metrics=["orders"])["id"] != first, "another question"


def test_what_needed_a_source_or_was_asked_anew_is_worked_out_anew(url: str) -> None:
    for wishes in ({"no_cache": True}, {"max_staleness": "1 hour"}):
        first, second = again(url, metrics=["orders"], **wishes)
        assert first != second


def test_formats_are_kept_apart(url: str) -> None:
    assert ask(url, metrics=["orders"]).headers["content-type"] == "application/json"
    assert ask(url, "text/csv", metrics=["orders"]).headers["content-type"].startswith("text/csv")
    first, second = (ask(url, "text/csv", metrics=["orders"]) for _ in range(2))
    assert first.content == second.content


def test_what_was_built_meanwhile_is_seen_at_once(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    build(folder)
    with serving(folder) as server:
        receipt(server.address, metrics=["orders"])
        before = receipt(server.address, metrics=["orders"])
        with Lapwing.open(folder) as lapwing:
            lapwing.cache.build(full=True).checked()
        after = receipt(server.address, metrics=["orders"])
    assert before["id"] != after["id"]
    assert before["pieces"][0]["versions"] != after["pieces"][0]["versions"]


def test_a_body_in_pieces_and_a_long_one(url: str) -> None:
    """A body may come in any pieces, and one too long to be looked up is answered like any other."""
    parts = urlsplit(url)
    for filler in ("", " " * (2 * LONGEST)):
        body = json.dumps({"metrics": ["orders"]}) + filler
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        pieces = [body[at : at + 7_919].encode() for at in range(0, len(body), 7_919)]
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/query", iter(pieces), headers, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["rows"] == 1
        connection.close()


def test_too_long_a_body_is_refused_as_ever(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    pieces = iter([b" " * 65_536] * 40)
    headers = {"Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/query", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
        pass
    connection.close()
    assert receipt(url, metrics=["orders"])["considered_total"] >= 1
