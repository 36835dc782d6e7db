"""Errors of BigQuery in our words: what is wrong, and what to do about it."""

from __future__ import annotations

import re
from typing import Final

from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.passing import passing

_REASONS: Final = {
    "accessDenied": ("not-permitted", "{name} does not permit it: {message}."),
    "quotaExceeded": ("quota-exceeded", "A quota of {name} is used up: {message}."),
    "rateLimitExceeded": ("quota-exceeded", "A quota of {name} is used up: {message}."),
    "responseTooLarge": ("source-refused", "{name} can't run it: {message}."),
    "stopped": ("source-stopped", "{name} stopped the query: {message}."),
    "bytesBilledLimitExceeded": ("over-budget", "{name} would bill more than it may: {message}."),
}
_HINTS: Final = {
    "not-permitted": "The account needs roles/bigquery.dataViewer on the data, and roles/bigquery.jobUser and "
    "roles/bigquery.readSessionUser in the project.",
    "quota-exceeded": "Wait a while, ask for less at once, or have the quota raised.",
    "over-budget": "Ask for less time or fewer columns, or raise maximum_bytes_billed.",
    "table-vanished": "Run `lapwing check` to see what is there now.",
    "source-changed": "Run `lapwing check` to see what is there now.",
    "source-unreachable": "Check the network, and the project and location in lapwing.yaml.",
}
_PASS_STATUS: Final = (429, 502, 503, 504)
_PASS_REASONS: Final = frozenset({"rateLimitExceeded", "backendError", "jobBackendError", "jobInternalError"})
_MOST_TEXT: Final = 400
_STATUS: Final = {403: "not-permitted", 429: "quota-exceeded", 404: "table-vanished"}
_SAYS: Final = {
    "not-permitted": "{name} does not permit it: {message}.",
    "quota-exceeded": "A quota of {name} is used up: {message}.",
    "table-vanished": "{name} does not find it: {message}.",
    "source-changed": "{name} has not the columns that it had: {message}.",
    "source-unreachable": "{name} does not answer: {message}.",
    "source-refused": "{name} can't run it: {message}.",
}


def explain(name: str, place: Place | None, error: Exception) -> LapwingError:
    """A SourceError for what the client raised; `Passing` by its status or reason, once the client has given up trying."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    found = _explained(name, place, error)
    cause = error.cause if isinstance(error, RetryError) else error
    if not isinstance(cause, GoogleAPICallError):
        return passing(found, tried=True) if isinstance(cause, OSError) else found
    reasons = {one.get("reason", "") for one in cause.errors if isinstance(one, dict)}
    if int(cause.code or 0) in _PASS_STATUS or reasons & _PASS_REASONS:
        headers = getattr(cause.response, "headers", None) or {}
        told = str(headers.get("Retry-After", ""))
        after = float(told) if told.isdecimal() else 0.0
        tried = not after and not reasons & _PASS_REASONS
        return passing(found, after=after, down="rateLimitExceeded" not in reasons, tried=tried)
    return found


def _explained(name: str, place: Place | None, error: Exception) -> LapwingError:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    if isinstance(error, RetryError) and isinstance(error.cause, Exception):
        error = error.cause
    if not isinstance(error, GoogleAPICallError):
        return _of(name, place, "source-unreachable", _short(str(error)))
    reason = next((one.get("reason", "") for one in error.errors if isinstance(one, dict)), "")
    message = _short(error.message)
    if reason in _REASONS:
        code, says = _REASONS[reason]
        return SourceError.of(code, says.format(name=name, message=message), place=place, hint=_HINTS.get(code))
    if re.search(r"selected fields do not exist|Unrecognized name|not found in the table schema", message):
        return _of(name, place, "source-changed", message)
    if re.search(r"[Tt]able .* (is )?not found|Not found: Table", message):
        return _of(name, place, "table-vanished", message)
    status = int(error.code or 0) if error.code is not None else 0
    if status >= 500 and not re.search(r"[Ss]yntax|Unrecognized|INVALID_ARGUMENT", message):
        return _of(name, place, "source-unreachable", message)
    return _of(name, place, _STATUS.get(status, "source-refused"), message)


def _of(name: str, place: Place | None, code: str, message: str) -> LapwingError:
    return SourceError.of(code, _SAYS[code].format(name=name, message=message), place=place, hint=_HINTS.get(code))


def _short(message: str) -> str:
    """The sentence for people, without the request and the job's number."""
    if away := re.search(r"host='([^']+)', port=(\d+)", message):
        return f"{away[1]}:{away[2]} can't be reached"
    plain = re.sub(r"^(GET|POST|PATCH|DELETE) \S+: ", "", message.strip())
    plain = re.sub(r"\s+(Location|Job ID):.*", "", plain.splitlines()[0] if plain else "", flags=re.DOTALL)
    plain = plain.strip().rstrip(".") or "it gave no reason"
    return plain if len(plain) <= _MOST_TEXT else f"{plain[:_MOST_TEXT]}…"
