"""Connections to MariaDB and MySQL: the address, the session's settings, and errors in our words."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any, Final

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.address import AddressForm
from lapwing.sources.passing import passing
from lapwing.states.dialects import dialect_of

CONNECT_SECONDS: Final = 5
_FORM: Final = AddressForm(
    of="MariaDB",
    options=("ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"),
    example="mysql://user:${PASSWORD}@host:3306/database",
)
_MODES: Final = ("DISABLED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")


def parameters(dsn: str, place: Place | None = None) -> dict[str, Any]:
    """What the driver takes, from `mysql://user:password@host:port/database?ssl-mode=VERIFY_IDENTITY&ssl-ca=FILE`. The
    options are those of the server's own programs; without one nothing is encrypted.

    Raises:
        SourceError: the address is wrong; never with the password in the text.
    """
    address = _FORM.read(dsn, place)
    found: dict[str, Any] = {
        "host": address.host or "localhost",
        "port": address.port or 3306,
        "user": address.user or None,
        "password": address.password or "",
        "database": "/".join(address.path) or None,
    }
    if "socket" in address.options:
        found["unix_socket"] = address.options["socket"]
    context = _encryption(address.options, place)
    return found | ({"ssl": context} if context else {"ssl_disabled": True})


def _encryption(options: Mapping[str, str], place: Place | None) -> ssl.SSLContext | None:
    mode = options.get("ssl-mode", "VERIFY_IDENTITY" if "ssl-ca" in options else "DISABLED").upper()
    if mode not in _MODES:
        raise _FORM.wrong(f"{mode} is no ssl-mode", place, nearest(mode, _MODES) or _MODES)
    if mode == "DISABLED":
        return None
    try:
        context = ssl.create_default_context(cafile=options.get("ssl-ca"))
        context.check_hostname = mode == "VERIFY_IDENTITY"
        context.verify_mode = ssl.CERT_NONE if mode == "REQUIRED" else ssl.CERT_REQUIRED
        if "ssl-cert" in options:
            context.load_cert_chain(options["ssl-cert"], options.get("ssl-key"))
    except OSError as error:
        raise _FORM.wrong(
            f"a file of its certificates can't be read ({error.strerror or 'no certificate'})", place
        ) from error
    return context


def connect(known: Mapping[str, Any], *, read_timeout: float | None = None) -> Any:
    """A session that only reads, in UTC, whose values are texts (bytes where they have no characters).

    Raises:
        pymysql.Error: it does not answer, or refuses.
    """
    import pymysql

    connection = pymysql.connect(
        **known,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_timeout,
        conv={},
        local_infile=False,
    )
    with connection.cursor() as cursor:
        for statement in (*dialect_of("mysql").settings, "SET SESSION TRANSACTION READ ONLY"):
            cursor.execute(statement)
    return connection


def limit_statements(connection: Any, seconds: float | None) -> None:
    """The server ends statements of the session by itself after so long, even when nobody is there any more to stop them."""
    limit = max(1.0, seconds) if seconds else 0
    if "MariaDB" in connection.server_version:
        setting = f"max_statement_time = {limit}"
    else:
        setting = f"max_execution_time = {int(limit * 1000)}"
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION {setting}")


def rows(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """All rows of a short answer."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


_KNOWN: Final = {
    1044: ("not-permitted", "{name} does not permit it: {message}."),
    1142: ("not-permitted", "{name} does not permit it: {message}."),
    1143: ("not-permitted", "{name} does not permit it: {message}."),
    1146: ("table-vanished", "A table of {name} is not there any more: {message}."),
    1054: ("column-vanished", "A column of {name} is not there any more: {message}."),
    1317: ("source-stopped", "{name} stopped the query: {message}."),
    1969: ("source-stopped", "{name} stopped the query: {message}."),
    3024: ("source-stopped", "{name} stopped the query: {message}."),
}
_PASSWORD_REFUSED, _UNKNOWN_DATABASE, _CLIENT = 1045, 1049, 2000
_TOO_MANY: Final = (1040, 1203, 1226)  # connections: of all, of this user, by this user's limits
_MAY_PASS: Final = frozenset(
    {
        *_TOO_MANY,
        *(1053, 1927, 1158, 1159, 1160, 1161),  # the server ends, or the connection was killed or lost
        *(2002, 2003, 2006, 2013, 2055),  # nobody listens, the server has gone away, or broke off
    }
)
_UNLUCKY: Final = frozenset({1205, 1213})  # a lock was not to be had, a deadlock: the next time it may be


def explain(name: str, place: Place | None, error: Exception) -> LapwingError:
    """A SourceError for what the driver raised, `Passing` by its number; the server's text never holds the password."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    found = _explained(name, place, error, code)
    lost = code == 0 and isinstance(error, OSError | EOFError)
    if code in _MAY_PASS or code in _UNLUCKY or lost:
        return passing(found, down=code not in _UNLUCKY)
    return found


def _explained(name: str, place: Place | None, error: Exception, code: int) -> LapwingError:
    message = re.sub(r"\s+", " ", str(error.args[-1] if error.args else error)).strip().rstrip(".")
    if code in _KNOWN:
        kind, says = _KNOWN[code]
        return SourceError.of(kind, says.format(name=name, message=message), place=place)
    if code == _PASSWORD_REFUSED:
        return SourceError.of(
            "wrong-password",
            f"{name} refuses the user or the password: {message}.",
            place=place,
            hint="Check the variable that the dsn in lapwing.yaml takes them from.",
        )
    if code in _TOO_MANY:
        hint = "Ask for less at once, or raise max_connections there."
        says = f"{name} has no connection left: {message}."
        return SourceError.of("source-full", says, place=place, hint=hint)
    if code == 0 or code == _UNKNOWN_DATABASE or code >= _CLIENT or code in _MAY_PASS:
        return SourceError.of(
            "source-unreachable",
            f"{name} does not answer: {message or 'the connection was lost'}.",
            place=place,
            hint="Check that it runs, and host, port and database in the dsn.",
        )
    return SourceError.of("source-refused", f"{name} can't run it: {message}.", place=place)
