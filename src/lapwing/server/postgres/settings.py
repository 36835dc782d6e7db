"""The settings of one connection: what SET says, SHOW shows and clients are told at the start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lapwing import __version__
from lapwing.model import calendar
from lapwing.model.problem import WrongUse
from lapwing.query.ask import Wishes

SERVER_VERSION = "16.4"
"""The PostgreSQL whose catalogs are told of; clients choose their questions by it."""
VERSION = f"PostgreSQL {SERVER_VERSION} (Lapwing {__version__})"
REPORTED = (
    "server_version", "server_encoding", "client_encoding", "application_name", "is_superuser", "session_authorization",
    "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings",
    "default_transaction_read_only", "in_hot_standby",
)  # fmt: skip
FIRST = {
    "server_version": SERVER_VERSION, "server_version_num": "160004", "server_encoding": "UTF8",
    "client_encoding": "UTF8", "application_name": "", "is_superuser": "off", "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres", "integer_datetimes": "on", "standard_conforming_strings": "on",
    "default_transaction_read_only": "on", "transaction_read_only": "on", "in_hot_standby": "off",
    "search_path": '"$user", public', "statement_timeout": "0", "transaction_isolation": "repeatable read",
    "default_transaction_isolation": "repeatable read", "max_identifier_length": "63", "extra_float_digits": "1",
    "bytea_output": "hex", "lc_collate": "C.UTF-8", "lc_ctype": "C.UTF-8", "lc_messages": "C", "lc_monetary": "C",
    "max_index_keys": "32", "block_size": "8192", "ssl": "off", "client_min_messages": "notice", "row_security": "on",
    "lapwing.max_age": "0", "lapwing.cache": "on",
}  # fmt: skip
_FIXED = {"server_version", "server_version_num", "server_encoding", "integer_datetimes", "is_superuser"}
_OFF = ("off", "false", "no", "0")
_SECONDS = {"": 0.001, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


class Settings:
    """Names count without their letters' case. What nobody here knows is kept and shown, and changes nothing. `number` is the
    connection's."""

    def __init__(self, zone: str, user: str, number: int) -> None:
        self.number = number
        self._default = {**FIRST, "TimeZone": zone, "session_authorization": user}
        self._names = {name.lower(): name for name in self._default}
        self._values = dict(self._default)

    def get(self, name: str) -> str | None:
        return self._values.get(self._name(name))

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(self._values.items()))

    def set(self, name: str, value: str | None) -> tuple[str, str] | None:
        """Sets it, or (None) gives it the value it had at first; the pair that the client is to be told, if any.

        Raises:
            WrongUse: it can't be so.
        """
        name = self._name(name)
        if value is None or value.lower() == "default":
            value = self._default.get(name, "")
        elif name in _FIXED:
            raise WrongUse.of("bad-value", f"{name} can't be changed.")
        value = self._checked(name, value)
        changed = self._values.get(name) != value
        self._values[name] = value
        return (name, value) if changed and name in REPORTED else None

    def reset(self) -> Iterator[tuple[str, str]]:
        """Everything as at first; what the client is to be told."""
        kept = {"application_name", "client_encoding"}
        for name in [name for name in self._values if name not in kept]:
            told = self.set(name, None)
            if told is not None:
                yield told

    def starts_with(self, name: str, value: str) -> None:
        """A client's wish at the start, which is what RESET goes back to."""
        self.set(name, value)
        self._default[self._name(name)] = self._values[self._name(name)]

    @property
    def zone(self) -> str:
        return self._values["TimeZone"]

    @property
    def path(self) -> tuple[str, ...]:
        """The schemas of `search_path`, in their order and as they are written."""
        return tuple(one for one in _words(self._values["search_path"]) if one != "$user")

    def wishes(self) -> Wishes:
        """`statement_timeout` is the time limit; 0 the usual one. `lapwing.max_age` is how old a kept result may be, 0: only
        while the sources say that it holds; `lapwing.cache` off looks at none."""
        wishes = Wishes(
            max_age=_timeout(self._values["lapwing.max_age"]) or None,
            cache=self._values["lapwing.cache"].lower() not in _OFF,
        )
        found = _timeout(self._values["statement_timeout"])
        return replace(wishes, time_limit=found) if found else wishes

    def _name(self, name: str) -> str:
        return self._names.setdefault(name.lower(), name)

    def _checked(self, name: str, value: str) -> str:
        if name == "TimeZone":
            value = {"utc": "UTC", "gmt": "UTC", "local": self._default["TimeZone"], "z": "UTC"}.get(
                value.lower(), value
            )
            calendar.zone(value)
        elif name == "client_encoding" and re.sub(r"\W", "", value).upper() not in ("UTF8", "UNICODE", "SQLASCII"):
            hint = "Set client_encoding to UTF8."
            raise WrongUse.of("bad-value", f"Texts are sent in UTF8, not in {value}.", hint=hint)
        elif name == "client_encoding":
            value = "UTF8"
        elif name in ("statement_timeout", "lapwing.max_age"):
            _timeout(value)
        return value


def _words(names: str) -> list[str]:
    """
    >>> _words('"$user", "shop.sales", PUBLIC')
    ['$user', 'shop.sales', 'public']
    """
    found = re.findall(r'"((?:[^"]|"")+)"|([^\s,"]+)', names)
    return [quoted.replace('""', '"') or plain.lower() for quoted, plain in found]


def _timeout(text: str) -> float:
    """Seconds.

    >>> _timeout("1500"), _timeout("2 min")
    (1.5, 120.0)
    """
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]*)\s*", text)
    if found is None or found[2] not in _SECONDS:
        raise WrongUse.of("bad-value", f"{text} is no length of time.", hint="Write milliseconds, or 30s, or 5min.")
    return float(found[1]) * _SECONDS[found[2]]
