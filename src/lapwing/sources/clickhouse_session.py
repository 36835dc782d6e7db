"""Connections to ClickHouse: the address, the settings of each statement, and errors in our words."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.address import AddressForm
from lapwing.sources.passing import passing
from lapwing.sources.underway import underway

CONNECT_SECONDS: Final = 5
GRACE_SECONDS: Final = 5  # the reader's own time limit comes first, and is told better
_FORM: Final = AddressForm(
    of="ClickHouse",
    options=("secure", "verify", "ca_cert", "client_cert", "client_cert_key"),
    example="clickhouse://user:${PASSWORD}@host:8123/database",
)
_TRUTHS: Final = ("secure", "verify")
MEANING: Final[Mapping[str, Any]] = {
    "readonly": 2,  # nothing is written; settings such as these may be
    "session_timezone": "UTC",
    "join_use_nulls": 1,  # a row without a partner has nulls, not zeros
    "aggregate_functions_null_for_empty": 1,
    "cast_keep_nullable": 1,
    "prefer_column_name_to_alias": 1,  # else a condition means what was selected under the column's name
    "union_default_mode": "DISTINCT",
    "output_format_arrow_string_as_string": 0,  # texts are any bytes there; which are none is seen here
    "output_format_arrow_compression_method": "lz4_frame",
}
"""What makes statements mean what they mean in other engines."""


def parameters(dsn: str, place: Place | None = None) -> dict[str, Any]:
    """What the driver takes, from `clickhouse://user:password@host:port/database?secure=true&ca_cert=FILE`. The port is that
    of HTTP, 8123 or 8443.

    Raises:
        SourceError: the address is wrong; never with the password in the text.
    """
    address = _FORM.read(dsn, place)
    given: dict[str, Any] = {
        name: value.lower() in ("true", "1", "yes") if name in _TRUTHS else value
        for name, value in address.options.items()
    }
    secure = bool(given.get("secure"))
    return {
        **given,
        "interface": "https" if secure else "http",
        "host": address.host or "localhost",
        "port": address.port or (8443 if secure else 8123),
        "username": address.user or "default",
        "password": address.password or "",
        "database": "/".join(address.path) or "default",
    }


def connect(known: Mapping[str, Any]) -> Any:
    """A client that several threads may use; it keeps connections, but no session.

    Raises:
        clickhouse_connect's Error: it does not answer, or refuses.
    """
    from clickhouse_connect.driver import create_client

    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # what it warns of, it also raises
    return create_client(
        **known,
        connect_timeout=CONNECT_SECONDS,
        autogenerate_session_id=False,
        query_retries=1,
        compress=False,  # Arrow's own is enough
    )


def settings_of(client: Any, time_limit: float | None) -> dict[str, Any]:
    """The settings of one statement, as far as this user may set them."""
    found = dict(MEANING)
    if time_limit is not None:
        found["max_execution_time"] = max(1, round(time_limit + GRACE_SECONDS))
    known = client.server_settings
    return {name: value for name, value in found.items() if name in known and not known[name].readonly}


_NAMED: Final = re.compile(r"\(([A-Z][A-Z_]+)\)")
_KNOWN: Final = {
    "ACCESS_DENIED": ("not-permitted", "{name} does not permit it: {message}."),
    "READONLY": ("not-permitted", "{name} is only read: {message}."),
    "UNKNOWN_TABLE": ("table-vanished", "A table of {name} is not there any more: {message}."),
    "UNKNOWN_DATABASE": ("table-vanished", "A database of {name} is not there: {message}."),
    "UNKNOWN_IDENTIFIER": ("column-vanished", "A column of {name} is not there any more: {message}."),
    "NO_SUCH_COLUMN_IN_TABLE": ("column-vanished", "A column of {name} is not there any more: {message}."),
    "TIMEOUT_EXCEEDED": ("source-stopped", "{name} stopped the query: {message}."),
    "QUERY_WAS_CANCELLED": ("source-stopped", "{name} stopped the query: {message}."),
    "MEMORY_LIMIT_EXCEEDED": ("source-stopped", "{name} has not enough memory for the query: {message}."),
    "TOO_MANY_SIMULTANEOUS_QUERIES": ("source-stopped", "{name} runs too many queries already: {message}."),
}
_PASSWORDS: Final = ("AUTHENTICATION_FAILED", "REQUIRED_PASSWORD", "WRONG_PASSWORD", "UNKNOWN_USER")
_MAY_PASS: Final = frozenset({202, 209, 210, 279})
"""Too many statements, socket timeout, network error, no replica answers."""
_MOST_TEXT: Final = 400


def explain(name: str, place: Place | None, error: Exception) -> LapwingError:
    """A SourceError for what the driver raised, `Passing` by the server's number or where there was no answer; the server's
    text never holds the password."""
    found = _explained(name, place, error)
    code = getattr(error, "code", None)
    away = code is None and found.problems[0].code == "source-unreachable"
    return passing(found, down=away) if away or code in _MAY_PASS else found


def _explained(name: str, place: Place | None, error: Exception) -> LapwingError:
    text = re.sub(r"\s+", " ", str(error)).strip()
    codes = [code for code in _NAMED.findall(text) if code in _KNOWN or code in _PASSWORDS]
    message = text[:_MOST_TEXT].rstrip(".")
    if codes and codes[0] in _KNOWN:
        kind, says = _KNOWN[codes[0]]
        return SourceError.of(kind, says.format(name=name, message=message), place=place)
    if codes:
        return SourceError.of(
            "wrong-password",
            f"{name} refuses the user or the password: {message}.",
            place=place,
            hint="Check the variable that the dsn in lapwing.yaml takes them from.",
        )
    why = underway(error)
    if why is not None or type(error).__name__ == "OperationalError" or isinstance(error, OSError):
        return SourceError.of(
            "source-unreachable",
            f"{name} does not answer: {why or message or 'the connection was lost'}.",
            place=place,
            hint="Check that it runs, and host, port (that of HTTP) and database in the dsn.",
        )
    return SourceError.of("source-refused", f"{name} can't run it: {message}.", place=place)


def failures() -> tuple[type[Exception], ...]:
    """What a statement may raise, and a connection that breaks amid its rows, of which the driver knows nothing."""
    from clickhouse_connect.driver.exceptions import ClickHouseError
    from urllib3.exceptions import HTTPError

    return ClickHouseError, HTTPError, OSError


def missing_extra(place: Place | None) -> LapwingError:
    """The library is not installed."""
    says = "A source of type clickhouse needs clickhouse-connect, which is not installed."
    return SourceError.of("missing-extra", says, place=place, hint="Run `pip install 'lapwing[clickhouse]'`.")
