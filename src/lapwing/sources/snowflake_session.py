"""Connections to Snowflake: the address, the settings of each session, and errors in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lapwing.model.failing import OnError
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.address import Address, AddressForm
from lapwing.sources.passing import passing

_FORM: Final = AddressForm(
    of="Snowflake",
    options=(
        *("warehouse", "role", "private_key_file", "private_key_passphrase", "token", "token_type"),
        *("account", "protocol"),
    ),
    example="snowflake://user:${PASSWORD}@account/database/schema?warehouse=NAME&role=NAME",
)
_TOKENS: Final = {"oauth": "auth_oauth", "pat": "auth_pat"}
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")
_LOGIN: Final = "10s"
_SQL: Final = "adbc.snowflake.sql."
_CLIENT: Final = f"{_SQL}client_option."
SETTINGS: Final[Mapping[str, str]] = {
    "TIMEZONE": "'UTC'",
    "QUERY_TAG": "'lapwing'",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": "FALSE",
    "ABORT_DETACHED_QUERY": "TRUE",  # when we are gone
    "DATE_INPUT_FORMAT": "'AUTO'",
    "TIMESTAMP_INPUT_FORMAT": "'AUTO'",
}
"""What makes statements mean the same whatever the account's own settings."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where an account is and who asks: what the driver takes, and database and schema by their exact names."""

    options: Mapping[str, str] = field(repr=False)
    database: str
    schema: str


def login_of(dsn: str, place: Place | None = None) -> Login:
    """What `snowflake://user:password@account/database/schema?warehouse=NAME&role=NAME` says; the schema is PUBLIC where it
    is left out. In the password's place: `private_key_file=FILE` (PKCS #8, PEM), with private_key_passphrase where it has
    one, or `token=TOKEN` with token_type oauth or pat. With `account=NAME` the address is the host's, as with private
    access; `protocol=http` is for one on this machine.

    Raises:
        SourceError: the address is wrong, or the key's file can't be read; never with the secrets in the text.
    """
    address = _FORM.read(dsn, place)
    if not address.host or not address.user:
        raise _FORM.wrong("it names no account or no user", place)
    if not 1 <= len(address.path) <= 2:
        raise _FORM.wrong("it names no database", place)
    options = address.options
    protocol = options.get("protocol", "https")
    if protocol != "https" and not (protocol == "http" and address.host in _LOCAL):
        raise _FORM.wrong("what is secret would travel without encryption", place)
    database, schema = (_exact(one) for one in (*address.path, "PUBLIC")[:2])
    found = {
        "username": address.user,
        f"{_SQL}account": options.get("account", address.host),
        f"{_SQL}db": database if database.isupper() else f'"{database}"',
        f"{_SQL}schema": schema if schema.isupper() else f'"{schema}"',
        f"{_CLIENT}disable_telemetry": "true",
        f"{_CLIENT}login_timeout": _LOGIN,
        f"{_CLIENT}app_name": "lapwing",
        f"{_CLIENT}max_timestamp_precision": "nanoseconds_error_on_overflow",
        **_secret(address, place),
    }
    if "account" in options:
        found |= {f"{_SQL}uri.host": address.host, f"{_SQL}uri.protocol": protocol}
        found |= {f"{_SQL}uri.port": str(address.port or 443)}
    found |= {f"{_SQL}{name}": options[name] for name in ("warehouse", "role") if name in options}
    return Login(found, database, schema)


def _exact(name: str) -> str:
    """A name as the account has it: in capitals, unless it is quoted."""
    return name[1:-1].replace('""', '"') if name.startswith('"') and name.endswith('"') else name.upper()


def _secret(address: Address, place: Place | None) -> dict[str, str]:
    """How the user is known."""
    options = address.options
    if "private_key_file" in options:
        try:
            key = Path(options["private_key_file"]).read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise _FORM.wrong("the file of its private key can't be read", place) from error
        found = {f"{_SQL}auth_type": "auth_jwt", f"{_CLIENT}jwt_private_key_pkcs8_value": key}
        if "private_key_passphrase" in options:
            found[f"{_CLIENT}jwt_private_key_pkcs8_password"] = options["private_key_passphrase"]
        return found
    if "token" in options:
        kind = options.get("token_type", "oauth")
        if kind not in _TOKENS:
            raise _FORM.wrong(f"{kind} is no token_type", place, nearest(kind, _TOKENS) or tuple(_TOKENS))
        return {f"{_SQL}auth_type": _TOKENS[kind], f"{_CLIENT}auth_token": options["token"]}
    if address.password is None:
        raise _FORM.wrong("it has no password, private_key_file or token", place)
    return {"password": address.password}


def connect(login: Login) -> Any:
    """A session with our settings.

    Raises:
        adbc_driver_manager.Error: it does not answer, or refuses.
        ImportError: the driver is not installed.
    """
    import adbc_driver_snowflake.dbapi as adbc

    connection = adbc.connect(db_kwargs=dict(login.options), autocommit=True)
    with OnError(lambda _: connection.close()), connection.cursor() as cursor:
        cursor.execute(f"ALTER SESSION SET {', '.join(f'{name} = {value}' for name, value in SETTINGS.items())}")
    return connection


_LOST: Final = "Check the account, the network, and host and port where the dsn in lapwing.yaml names them."
_CODES: Final = {
    2003: ("table-vanished", "A table of {name} is not there any more, or not for this role: {message}.", None),
    904: ("column-vanished", "A column of {name} is not there any more: {message}.", None),
    3001: ("not-permitted", "{name} does not permit it: {message}.", "Give the role the right, or name another."),
    604: ("source-stopped", "{name} stopped the query: {message}.", None),
    630: ("source-stopped", "{name} stopped the query: {message}.", None),
    **dict.fromkeys((625, 390_111, 390_112, 390_114), ("source-stopped", "{name} stopped the query: {message}.", None)),
    606: ("no-warehouse", "{name} has nothing to run it on: {message}.", "Add warehouse=NAME to the dsn."),
}
_UNLUCKY: Final = frozenset({625, 390_111, 390_112, 390_114})
"""Too many wait for a lock; the session, or its token, is over, and another one is had."""
_AWAY: Final = frozenset({260_007, 260_008, *range(261_000, 261_005), 262_000})
"""The driver's own: no answer, or a status that says so. It has tried again by itself."""
_MOST_TEXT: Final = 400


def explain(name: str, place: Place | None, error: Exception) -> LapwingError:
    """A SourceError for what the driver raised, `Passing` by its number or where there was no answer; its text never holds a
    secret."""
    import adbc_driver_manager as manager

    found, code = _explained(name, place, error), int(getattr(error, "vendor_code", None) or 0)
    if code in _UNLUCKY:
        return passing(found, down=False)
    lost = getattr(error, "status_code", None) in (manager.AdbcStatusCode.IO, manager.AdbcStatusCode.TIMEOUT)
    away = code in _AWAY or (not code and (lost or isinstance(error, OSError)))
    return passing(found, tried=True) if away and found.problems[0].code == "source-unreachable" else found


def _explained(name: str, place: Place | None, error: Exception) -> LapwingError:
    message = re.sub(r"\s+", " ", str(error)).strip()
    message = re.sub(r"^[A-Z_]+: (\[Snowflake\] )?|\.? Vendor code: .*$", "", message)
    message = re.sub(r"^(\d{6} \(\w{5}\): )+", "", message)[:_MOST_TEXT].rstrip(".")
    code = int(getattr(error, "vendor_code", None) or 0)
    if code in _CODES:
        kind, says, hint = _CODES[code]
        return SourceError.of(kind, says.format(name=name, message=message), place=place, hint=hint)
    if 390_000 <= code < 391_000:
        says = f"{name} refuses the user, or the password, key or token: {message}."
        hint = "Check the variable that the dsn in lapwing.yaml takes them from."
        return SourceError.of("wrong-password", says, place=place, hint=hint)
    if "overflows when converted to nanoseconds" in message:
        hint = "Read a view of it in which the column is a TIMESTAMP_NTZ(6), say."
        says = f"{name} sent a moment that has no nanoseconds, which are had from 1677 to 2262: {message}."
        return SourceError.of("bad-value", says, place=place, hint=hint)
    if not code or code in _AWAY:
        away = re.search(r"dial tcp.*|no such host.*|context deadline.*", message)
        says = f"{name} does not answer: {away[0] if away else message}."
        return SourceError.of("source-unreachable", says, place=place, hint=_LOST)
    return SourceError.of("source-refused", f"{name} can't run it: {message}.", place=place)


def missing_extra(place: Place | None) -> LapwingError:
    """The driver is not installed."""
    says = "A source of type snowflake needs adbc-driver-snowflake, which is not installed."
    return SourceError.of("missing-extra", says, place=place, hint="Run `pip install 'lapwing[snowflake]'`.")
