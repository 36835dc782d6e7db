"""Asks a running server."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser, Namespace
from typing import Any
from urllib.parse import quote

from lapwing.cli.project import find
from lapwing.model.problem import Conflict, LapwingError, NotFound, Problem, SourceError, WrongUse

DEFAULT = "http://127.0.0.1:8600"
_SECONDS = 20.0


def arguments(parser: ArgumentParser) -> None:
    """The flags that say which server."""
    says = "its address (default: LAPWING_SERVER, else the project's base_url, else http://127.0.0.1:8600)"
    parser.add_argument("--server", metavar="URL", help=says)
    parser.add_argument("--token", metavar="SECRET", help="what it wants to be sent (default: LAPWING_TOKEN, if set)")


def address(options: Namespace) -> str:
    """Where the server is.

    Raises:
        WrongUse: that is no address. ModelError: the project's files are wrong.
    """
    named = options.server or os.environ.get("LAPWING_SERVER") or _of_project(options) or DEFAULT
    if not named.startswith(("http://", "https://")):
        raise WrongUse.of("bad-address", f"{named} is not a server's address.", hint=f"Write it like {DEFAULT}.")
    return str(named).rstrip("/")


def ask(options: Namespace, method: str, *path: str) -> Any:
    """The JSON that the server answers.

    Raises:
        SourceError: nobody answers there. LapwingError: what the server says is wrong.
    """
    import urllib.error  # the whole of HTTP and TLS, which other commands need not load
    import urllib.request

    server = address(options)
    url = "/".join((server, *(quote(part, safe="") for part in path)))
    request = urllib.request.Request(url, method=method, headers={"accept": "application/json"})  # noqa: S310 - http only
    token = options.token or os.environ.get("LAPWING_TOKEN")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise _told(error.code, error.read()) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        hint = "`lapwing serve` starts one; --server names another."
        raise SourceError.of("no-server", f"No Lapwing answers at {server}: {why}.", hint=hint) from error


def _of_project(options: Namespace) -> str | None:
    from lapwing.model.load import load

    try:
        root = find(options)
    except NotFound:
        if options.project or os.environ.get("LAPWING_PROJECT"):
            raise
        return None
    return load(root).delivery.base_url


def _told(status: int, body: bytes) -> LapwingError:
    """The problems of the server's answer, as if they had happened here."""
    kind = {400: WrongUse, 404: NotFound, 409: Conflict}.get(status, LapwingError)
    try:
        problems = [Problem.of_dict(one) for one in json.loads(body)["problems"]]
        return kind(*problems)
    except (ValueError, KeyError, TypeError):
        return LapwingError.of("no-server", f"What answers is no Lapwing: status {status}.")
