"""Who may ask: this machine by default, the token's holder elsewhere, no page of another site."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.shop import Server, serving

TOKEN = "a-long-enough-secret"
QUERY = {"metrics": ["orders"]}


@pytest.fixture(scope="module")
def guarded(shop: Path) -> Iterator[Server]:
    """Listening to all, with a token."""
    with serving(shop, "--host", "0.0.0.0", environment={"LAPWING_TOKEN": TOKEN}) as running:
        yield running


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", "", "localhost.evil"])
def test_names_that_others_made_point_here_are_refused(host: str, url: str) -> None:
    answer = requests.get(f"{url}/api/project", headers={"host": host}, timeout=10)
    assert answer.status_code in (400, 403)  # no name at all is no HTTP
    if host:
        assert problem(answer) == (403, "wrong-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "[::1]", "127.0.0.1"])
def test_this_machines_names_are_answered(host: str, url: str) -> None:
    assert requests.get(f"{url}/api/health", headers={"host": host}, timeout=10).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:1", "file://"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_pages_of_other_sites_change_nothing(origin: str, method: str, url: str) -> None:
    answer = requests.request(method, f"{url}/api/query", json=QUERY, headers={"origin": origin}, timeout=10)
    assert problem(answer) == (403, "wrong-origin")


def test_our_own_page_may_ask(url: str) -> None:
    assert requests.post(f"{url}/api/query", json=QUERY, headers={"origin": url}, timeout=10).status_code == 200


def test_forms_are_no_json(url: str) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = requests.post(f"{url}/api/query", data="{}", headers={"content-type": kind}, timeout=10)
        assert problem(answer) == (415, "not-json")


def test_a_body_is_not_endless(url: str) -> None:
    headers = {"content-type": "application/json"}
    stated = requests.post(f"{url}/api/query", data=b" " * 1_000_001, headers=headers, timeout=10)
    assert problem(stated) == (413, "too-large")
    for path in ("query", "sql"):
        pieces = (b" " * 100_000 for _ in range(11))
        assert problem(requests.post(f"{url}/api/{path}", data=pieces, headers=headers, timeout=10)) == (
            413,
            "too-large",
        )


def test_every_answer_has_the_security_headers(url: str) -> None:
    for path in ("/", "/api/project", "/api/nothing", "/assets/nothing.js"):
        headers = requests.get(url + path, timeout=10).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert headers.get("access-control-allow-origin") is None


def test_without_the_token_nothing_is_told(guarded: Server) -> None:
    for path in ("/", "/api/project", "/api/openapi.json", "/api/docs", "/assets/x.js"):
        answer = requests.get(guarded.address + path, timeout=10)
        assert problem(answer) == (401, "token-needed")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert requests.get(f"{guarded.address}/api/health", timeout=10).json() == {"status": "ok", "version": "0.1.0"}


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ä"]
)
def test_a_wrong_token_is_refused(given: str, guarded: Server) -> None:
    headers = {"authorization": given.encode()}
    assert problem(requests.get(f"{guarded.address}/api/project", headers=headers, timeout=10)) == (401, "token-needed")


def test_the_token_opens_by_header_and_by_page(guarded: Server) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "host": "lapwing.example"}
    assert requests.get(f"{guarded.address}/api/project", headers=headers, timeout=10).status_code == 200
    browser = requests.Session()
    page = browser.get(
        f"{guarded.address}//elsewhere.example/x?token={TOKEN}&range=-7d", allow_redirects=False, timeout=10
    )
    assert (page.status_code, page.headers["location"]) == (303, "/elsewhere.example/x?range=-7d")
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get(f"{guarded.address}/api/project", timeout=10).status_code == 200
    posted = requests.post(f"{guarded.address}/api/query?token={TOKEN}", json=QUERY, timeout=10)
    assert problem(posted) == (401, "token-needed")


def test_answers_to_other_machines_are_packed(guarded: Server, url: str) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "accept-encoding": "gzip"}
    packed = requests.get(f"{guarded.address}/api/catalog", headers=headers, timeout=20)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["datasets"][0]["name"] == "orders"
    rows = requests.post(f"{guarded.address}/api/sql", json={"text": "from files.orders"}, headers=headers, timeout=20)
    assert "content-encoding" not in rows.headers
    assert "content-encoding" not in requests.get(f"{url}/api/catalog", headers=headers, timeout=20).headers


def test_by_default_only_this_machine_is_listened_to(server: Server) -> None:
    port = int(server.address.rpartition(":")[2])
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.2", port)) != 0
