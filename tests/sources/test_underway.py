"""Requests that do not arrive, and answers that do not: the words for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import urllib3
from tests.services.base import free_port

from lapwing.sources.underway import underway


def met(url: str, timeout: float = 5.0) -> str | None:
    """What is told of a request, by urllib3 itself and by a client over it."""
    found = []
    with pytest.raises(urllib3.exceptions.HTTPError) as caught:
        urllib3.PoolManager().request("GET", url, retries=urllib3.Retry(0), timeout=timeout)
    found.append(underway(caught.value))
    with pytest.raises(requests.RequestException) as wrapped:
        requests.get(url, timeout=timeout)
    found.append(underway(wrapped.value))
    assert found[0] == found[1]
    return found[0]


@contextmanager
def answering(with_what: bytes | None) -> Iterator[str]:
    """A server that says this and closes; None: that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    taken, _ = listener.accept()
                except OSError:
                    return
                if with_what is None:
                    held.append(taken)
                    continue
                with taken:
                    taken.recv(10_000)
                    taken.sendall(with_what)

        held: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for one in held:
            one.close()


def test_no_such_machine() -> None:
    assert met("http://no-such-host.invalid/") == "no machine is called no-such-host.invalid"


def test_nobody_listens() -> None:
    port = free_port()
    assert met(f"http://127.0.0.1:{port}/") == f"there is no way to 127.0.0.1:{port} (connection refused)"


def test_one_that_says_nothing() -> None:
    with answering(None) as url:
        assert met(url, timeout=0.2) == "nothing came for too long"


def test_one_that_breaks_off() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") as url:
        assert met(url) == "the connection broke (it was closed amid an answer)"


def test_no_encryption() -> None:
    with answering(b"what?") as url:
        says = met(url.replace("http:", "https:"))
    assert says is not None
    assert says.startswith("the encryption was refused")


def test_what_is_no_matter_of_the_way() -> None:
    assert underway(ValueError("no such table")) is None
