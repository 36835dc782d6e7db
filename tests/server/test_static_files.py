"""The built pages: what may be kept for ever, what is asked for each time, and what is not there."""

from __future__ import annotations

import http.client
import re

import pytest
from tests.shop import Server

from lapwing.server.static_files import FOREVER, folder


def got(server: Server, path: str) -> tuple[int, str | None, bytes]:
    """Status, cache-control and body; the path goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path)
    found = connection.getresponse()
    body = found.read()
    connection.close()
    return found.status, found.headers["cache-control"], body


def test_hashed_assets_are_kept_for_ever_and_the_page_is_asked_for_each_time(server: Server) -> None:
    page = (folder() / "index.html").read_bytes()
    for path in ("/", "/metric/orders", "/index.html"):
        assert got(server, path) == (200, "no-cache", page)
    assets = re.findall(rb'"(/assets/[^"]+)"', page)
    assert assets
    for asset in assets:
        path = asset.decode()
        assert got(server, path) == (200, FOREVER, (folder() / path.lstrip("/")).read_bytes())


@pytest.mark.parametrize("path", ["/assets/old-ffff.js", "/api", "/api/none", "/%2e%2e/app.py", "/../app.py", "/a%00b"])
def test_what_is_not_there(path: str, server: Server) -> None:
    status, cached, body = got(server, path)
    assert (status, cached in (None, "no-store")) == (404, True)
    assert b"make_app" not in body
