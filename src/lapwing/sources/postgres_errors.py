"""What PostgreSQL and its drivers say is wrong, in our words, and which of it may pass."""

from __future__ import annotations

import re
import select
import tempfile
import time
from typing import Any, Final

from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.passing import passing

CONNECT_SECONDS: Final = 5
_KNOWN: Final = {
    "42P01": ("table-vanished", "A table of {name} is not there any more: {message}."),
    "42703": ("column-vanished", "A column of {name} is not there any more: {message}."),
    "42501": ("not-permitted", "{name} does not permit it: {message}."),
    "57014": ("source-stopped", "{name} stopped the query: {message}."),
}
_PASSWORD: Final = ("28P01", "28000")
_TOO_MANY: Final = "53300"
_MAY_PASS: Final = ("08", "57P", "58030", _TOO_MANY)
"""How the states begin of what may pass: no connection, a server on its way up or down, no connection left."""
_UNLUCKY: Final = ("40001", "40P01", "55P03")
"""A conflict (with recovery, on a replica), a deadlock, a lock that was not to be had."""


def explain(name: str, place: Place, error: Exception, *, state: str = "", connecting: bool = False) -> LapwingError:
    """A SourceError for what a driver raised, `Passing` by its SQLSTATE (`state`, where it is known better) or where the
    connection was lost or (`connecting`) never came to be; the text is the server's, which never holds the password."""
    state = state or str(getattr(error, "sqlstate", None) or "")
    found = _explained(name, place, state, _message(error))
    if state:
        if state in _UNLUCKY:
            return passing(found, down=False)
        return passing(found) if state.startswith(_MAY_PASS) else found
    return passing(found) if connecting or _lost(error) else found


def _explained(name: str, place: Place, state: str, message: str) -> LapwingError:
    if state in _KNOWN:
        code, says = _KNOWN[state]
        return SourceError.of(code, says.format(name=name, message=message), place=place)
    if state in _PASSWORD:
        return SourceError.of(
            "wrong-password",
            f"{name} refuses the user or the password: {message}.",
            place=place,
            hint="Check the variable that the dsn in lapwing.yaml takes them from.",
        )
    if state == _TOO_MANY:
        hint = "Ask for less at once, or raise max_connections (or the role's limit) there."
        return SourceError.of("source-full", f"{name} has no connection left: {message}.", place=place, hint=hint)
    if state[:2] in ("22", "42"):
        return SourceError.of("source-refused", f"{name} can't run it: {message}.", place=place)
    return SourceError.of(
        "source-unreachable",
        f"{name} does not answer: {message}.",
        place=place,
        hint="Check that it runs, and host, port and database in the dsn.",
    )


def _message(error: Exception) -> str:
    message = re.sub(r"\s+", " ", str(error).strip()).removeprefix("IO: ")
    message = re.sub(r"\.? SQLSTATE: \w+$", "", message).rstrip(". ")
    message = re.sub(r" Is the server running .*\?$", "", message)
    return re.sub(r"(password=|://[^:@/\s]*:)[^@\s]+", r"\1***", message)


def _lost(error: Exception) -> bool:
    """Whether the connection broke: the drivers then have no state, as the server said nothing."""
    from adbc_driver_manager import AdbcStatusCode
    from psycopg import OperationalError

    return isinstance(error, OperationalError) or getattr(error, "status_code", None) == AdbcStatusCode.IO


def refusal(dsn: str) -> str:
    """The SQLSTATE with which a server refuses to connect, found by connecting once more; "" where there is none to be had, or
    it lets in. The client library tells nobody but its trace of the protocol."""
    from psycopg.pq import ConnStatus, PGconn, PollingStatus

    until = time.monotonic() + CONNECT_SECONDS
    with tempfile.TemporaryFile() as trace:
        connection: Any = PGconn.connect_start(dsn.encode())
        try:
            if connection.status == ConnStatus.BAD:
                return ""
            connection.trace(trace.fileno())
            status = PollingStatus.WRITING
            while status in (PollingStatus.READING, PollingStatus.WRITING) and time.monotonic() < until:
                wanted = [connection.socket]
                reads = wanted if status == PollingStatus.READING else []
                select.select(reads, [] if reads else wanted, [], max(0.0, until - time.monotonic()))
                status = connection.connect_poll()
            connection.untrace()
        finally:
            connection.finish()
        trace.seek(0)
        found = re.findall(rb'ErrorResponse\t.* C "(\w{5})"', trace.read())
    return found[-1].decode() if found else ""
