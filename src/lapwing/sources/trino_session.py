"""Statements on a Trino cluster: the address, one statement at a time by its own protocol, and errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.address import AddressForm
from lapwing.sources.passing import passing
from lapwing.sources.underway import underway

Rows = Sequence[Sequence[Any]]

_FORM: Final = AddressForm(
    of="Trino",
    options=("http_scheme", "verify", "access_token"),
    example="trino://user:${PASSWORD}@host:443/catalog/schema",
)
_SCHEMES: Final = ("http", "https")
_PORTS: Final = {"http": 8080, "https": 443}
_TIMEOUTS: Final = (
    5.0,
    60.0,
)  # to connect, and for each answer: the server answers within a second or so, if only "wait"
_ATTEMPTS: Final = 3
_GRACE_SECONDS: Final = 5  # the reader's own time limit comes first, and is told better
_READING: Final = re.compile(r"\s*(?:SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|\()(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a cluster is and who asks. `verify`: whether its certificate is checked, or the file of the authorities that
    sign it. `catalog` and `schema` are None where the address names none."""

    scheme: str
    host: str
    port: int
    user: str
    catalog: str | None
    schema: str | None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    verify: bool | str = True


def address_of(dsn: str, place: Place | None = None) -> Address:
    """What `trino://user:password@host:port/catalog/schema?verify=FILE` says. The options are those of Trino's own Python
    programs: http_scheme, verify (true, false, a file of authorities) and access_token (a JWT). Whoever shows a password or
    a token is asked for over TLS.

    Raises:
        SourceError: the address is wrong; never with the secrets in the text.
    """
    given = _FORM.read(dsn, place)
    options, token = given.options, given.options.get("access_token")
    secret = given.password is not None or token is not None
    scheme = options.get("http_scheme", "https" if secret or "verify" in options or given.port == 443 else "http")
    if scheme not in _SCHEMES:
        raise _FORM.wrong(f"{scheme} is no http_scheme", place, nearest(scheme, _SCHEMES) or _SCHEMES)
    if secret and scheme == "http":
        raise _FORM.wrong("a password or a token would travel without encryption", place)
    catalog, schema = (*given.path, None, None)[:2]
    return Address(
        scheme=scheme,
        host=given.host or "localhost",
        port=given.port or _PORTS[scheme],
        user=given.user or "lapwing",
        password=given.password,
        token=token,
        verify={"true": True, "false": False}.get(options.get("verify", "true").lower(), options.get("verify", "")),
        catalog=catalog,
        schema=schema,
    )


class Statement:
    """A statement under way. `pages` is iterated once; `cancel` may be called from any thread."""

    def __init__(
        self, address: Address, sql: str, session: Mapping[str, str], *, time_limit: float | None = None
    ) -> None:
        from requests import Session
        from trino.auth import BasicAuthentication, JWTAuthentication
        from trino.client import ClientSession, TrinoQuery, TrinoRequest

        if not _READING.match(sql):
            # A statement that begins otherwise may change something; Trino has none that reads and changes.
            raise SourceError.of("not-reading", "Only statements that read are sent to a Trino.")
        settings = dict(session)
        if time_limit is not None:
            settings.setdefault("query_max_run_time", f"{time_limit + _GRACE_SECONDS:.0f}s")
        auth: Any = None
        if address.token is not None:
            auth = JWTAuthentication(address.token)
        elif address.password is not None:
            auth = BasicAuthentication(address.user, address.password)
        self._http = Session()
        self._http.verify = address.verify
        self._query = TrinoQuery(
            TrinoRequest(
                host=address.host,
                port=address.port,
                client_session=ClientSession(
                    user=address.user,
                    catalog=address.catalog,
                    schema=address.schema,
                    source="lapwing",
                    properties=settings,
                    timezone="UTC",
                ),
                http_session=self._http,
                http_scheme=address.scheme,
                auth=auth,
                max_attempts=_ATTEMPTS,
                request_timeout=_TIMEOUTS,
            ),
            sql,
            legacy_primitive_types=True,  # values as the protocol has them: numbers and texts
        )

    @property
    def id(self) -> str | None:
        """The cluster's name of the statement, once it has one."""
        found: str | None = self._query.query_id
        return found

    def pages(self) -> Iterator[Rows]:
        """The rows as they come; the first page may be empty.

        Raises:
            trino.exceptions.Error, trino.exceptions.HttpError, OSError: what the cluster or the client says.
        """
        rows = list(self._query.execute().rows)
        if rows:
            yield rows
        while not self._query.finished and not self._query.cancelled:
            if rows := list(self._query.fetch()):
                yield rows

    def cancel(self) -> None:
        """Has the cluster end it. Harmless when done, and before it has begun; never raises."""
        import trino.exceptions as failed

        try:
            self._query.cancel()
        except (failed.Error, failed.HttpError, OSError):
            return

    def close(self) -> None:
        """Ends the statement, if it still runs, and the connection."""
        if not self._query.finished:
            self.cancel()
        self._http.close()


_NAMES: Final = {
    **dict.fromkeys(("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND"), "table-vanished"),
    "CATALOG_NOT_FOUND": "unknown-catalog",
    "COLUMN_NOT_FOUND": "column-vanished",
    "PERMISSION_DENIED": "not-permitted",
    **dict.fromkeys(("EXCEEDED_TIME_LIMIT", "USER_CANCELED", "ADMINISTRATIVELY_KILLED"), "source-stopped"),
}
_SAYS: Final = {
    "unknown-catalog": "The cluster of {name} has no such catalog: {message}.",
    "table-vanished": "A table of {name} is not there any more: {message}.",
    "column-vanished": "A column of {name} is not there any more: {message}.",
    "not-permitted": "{name} does not permit it: {message}.",
    "source-stopped": "{name} stopped the query: {message}.",
    "source-full": "{name} has not the room to run it: {message}.",
    "source-refused": "{name} can't run it: {message}.",
    "source-unreachable": "{name} does not answer: {message}.",
    "wrong-password": "{name} refuses the user, the password or the token: {message}.",
}
_HINTS: Final = {
    "unknown-catalog": "Mend the catalog in lapwing.yaml; SHOW CATALOGS on the cluster tells which there are.",
    "wrong-password": "Check the variable that the dsn in lapwing.yaml takes them from.",
    "source-unreachable": "Check that it runs, and host, port and http_scheme in the dsn.",
    "source-full": "Ask for less at once, or raise the cluster's limits by `session` in lapwing.yaml.",
}
_MAY_PASS: Final = frozenset(
    {
        *("SERVER_STARTING_UP", "SERVER_SHUTTING_DOWN", "NO_NODES_AVAILABLE", "QUERY_QUEUE_FULL"),
        *("REMOTE_HOST_GONE", "REMOTE_TASK_ERROR", "PAGE_TRANSPORT_ERROR", "PAGE_TRANSPORT_TIMEOUT"),
        *("TOO_MANY_REQUESTS_FAILED", "CLUSTER_OUT_OF_MEMORY"),
    }
)
_MOST_TEXT: Final = 400


def failures() -> tuple[type[Exception], ...]:
    """What a statement may raise."""
    import trino.exceptions as failed

    return failed.Error, failed.HttpError, OSError


def explain(name: str, place: Place | None, error: Exception) -> LapwingError:
    """A SourceError for what a statement raised, `Passing` by the error's name or the status; of a 429 with Retry-After the
    client has tried again already."""
    import trino.exceptions as failed

    found = _explained(name, place, error)
    if isinstance(error, failed.TrinoQueryError):
        return passing(found, down=False) if error.error_name in _MAY_PASS else found
    away = failed.Http502Error, failed.Http503Error, failed.Http504Error, failed.TrinoConnectionError, OSError
    return passing(found) if isinstance(error, away) else found


def _explained(name: str, place: Place | None, error: Exception) -> LapwingError:
    import trino.exceptions as failed

    if isinstance(error, failed.TrinoQueryError):
        code = _NAMES.get(str(error.error_name), "source-refused")
        if code == "source-refused" and error.error_type == "INSUFFICIENT_RESOURCES":
            code = "source-full"
        elif code == "source-refused" and error.error_type == "EXTERNAL" and "onnection" in error.message:
            code = "source-unreachable"
        message = re.sub(r"^line \d+:\d+: ", "", error.message)  # a place in a text that nobody here wrote
    elif re.match(r"error 40[13]\b", str(error)):
        code, message = "wrong-password", str(error).partition(":")[2].strip(" b'\"") or str(error)
    else:
        code, message = "source-unreachable", underway(error) or str(error)
    plain = re.sub(r"\s+", " ", message).strip().rstrip(".")
    plain = plain if len(plain) <= _MOST_TEXT else f"{plain[:_MOST_TEXT]}…"
    return SourceError.of(code, _SAYS[code].format(name=name, message=plain), place=place, hint=_HINTS.get(code))
