"""Errors over HTTP: one shape, RFC 9457's problem+json, with the same codes as everywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, Place, Problem, WrongUse
from lapwing.server.unforeseen import known

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "This cannot be asked so",
    401: "A token is needed",
    403: "Not allowed from there",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "Something else was first",
    413: "Too large",
    415: "Not JSON",
    422: "It cannot be answered",
    429: "Too much is asked at once",
    499: "Cancelled",
    500: "Something unexpected happened",
    502: "A source does not answer",
    503: "A source is down",
    504: "It took too long",
}
LARGEST_BODY = 1_000_000
"""Bytes of a request."""
TOO_LARGE = f"A request may have {LARGEST_BODY:,} bytes at most."
_log = structlog.get_logger("lapwing.server")


def body(status: int, problems: Sequence[Problem], query_id: str | None = None) -> dict[str, Any]:
    """The problem document: `title` by status, `code` and `detail` of the first problem, all of them beside."""
    found: dict[str, Any] = {
        "type": f"urn:lapwing:problem:{problems[0].code}",
        "title": _TITLES.get(status, "It did not work"),
        "status": status,
        "detail": str(problems[0]),
        "code": problems[0].code,
        "problems": [problem.as_dict() for problem in problems],
    }
    return found if query_id is None else {**found, "query_id": query_id}


def response(
    status: int, *problems: Problem, query_id: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    data = orjson.dumps(body(status, problems, query_id))
    return Response(data, status, headers, MEDIA_TYPE)


def of_error(error: LapwingError, query_id: str | None = None) -> Response:
    return response(error.status, *error.problems, query_id=query_id)


def from_validation(errors: Iterable[Any], body: type[BaseModel] | None = None) -> WrongUse:
    """Pydantic's findings about a request as problems, each with the key it is about. `body` is what was expected."""
    return WrongUse(*[_finding(error, body) for error in list(errors)[:20]])


def _finding(error: Any, body: type[BaseModel] | None) -> Problem:
    path = [str(part) for part in error["loc"] if part not in ("body", "query", "path")]
    if error["type"] == "json_invalid":
        return Problem("not-json", f"The body is not JSON: {error['ctx']['error']}.")
    place = Place(key=".".join(path)) if path else None
    if error["type"] == "extra_forbidden":
        known = body.model_fields if body is not None and len(path) == 1 else ()
        return Problem("unknown-key", f"There is no key {path[-1]} here.", place, tuple(nearest(path[-1], known)))
    if error["type"] == "missing":
        return Problem("missing-key", f"The key {path[-1]} is missing." if path else "There is no body.", place)
    return Problem("bad-request", f"{error['msg']}.", place)


async def _lapwing_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, LapwingError)
    return of_error(error)


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    expected = getattr(request.scope.get("route"), "body_field", None)
    body = None if expected is None else expected.field_info.annotation
    return of_error(from_validation(error.errors(), body))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        known = request.app.openapi()["paths"] if path.startswith("/api") else ()
        missing = NotFound.of("unknown-path", f"There is nothing at {path}.", nearest=nearest(path, known))
        return of_error(missing)
    if error.status_code == 405:
        says = f"{request.method} is not possible at {path}."
        return response(405, Problem("wrong-method", says), headers=dict(error.headers or {}))
    if error.status_code == 413:
        return response(413, Problem("too-large", TOO_LARGE))
    return response(error.status_code, Problem("bad-request", f"{error.detail}."), headers=dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    return response(500, *known(error, path=request.url.path).problems)


def install(app: FastAPI) -> None:
    """Every error that leaves `app` is a problem document; only unexpected ones are logged."""
    app.add_exception_handler(LapwingError, _lapwing_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
