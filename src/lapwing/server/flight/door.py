"""The server of Flight SQL: pyarrow's, with statements through the front door like any other's."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl

from lapwing.model.duration import parse_duration
from lapwing.model.failing import OnError
from lapwing.model.problem import LapwingError, NotFound, Refused, WrongUse
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.query.service import Lapwing
from lapwing.server.flight import catalog, info
from lapwing.server.flight.left import Left
from lapwing.server.flight.message import Fields, packed, raw, read, text, unpacked, write
from lapwing.server.flight.statement import Statement, parameters
from lapwing.server.queries import Queries
from lapwing.server.turns import Turns

_KINDS = {401: fl.FlightUnauthenticatedError, 499: fl.FlightCancelledError, 502: fl.FlightUnavailableError,
          503: fl.FlightUnavailableError, 504: fl.FlightTimedOutError}  # fmt: skip
_CANCELLED, _NOT_CANCELLABLE = 1, 3


@contextmanager
def told() -> Iterator[None]:
    """Inside it problems become Flight's errors: the code before the words, and all problems as JSON in the detail."""
    try:
        yield
    except LapwingError as error:
        detail = json.dumps([problem.as_dict() for problem in error.problems]).encode()
        kind = _KINDS.get(error.status, fl.FlightServerError)
        raise kind(f"{error.problems[0].code}: {error}", detail) from error


class FlightDoor(fl.FlightServerBase):  # type: ignore[misc] # pyarrow is untyped
    """Listens as soon as it is made; `shutdown` ends it. `certificate`: a chain and its key (PEM), to encrypt."""

    def __init__(
        self,
        lapwing: Lapwing,
        queries: Queries,
        turns: Turns,
        *,
        host: str,
        port: int,
        token: str | None,
        certificate: tuple[bytes, bytes] | None = None,
    ) -> None:
        self._lapwing, self._queries, self._turns = lapwing, queries, turns
        self._left = Left()
        name = f"[{host.strip('[]')}]" if ":" in host else host
        super().__init__(
            f"grpc{'+tls' if certificate else ''}://{name}:{port}",
            auth_handler=_NoHandshake(),
            tls_certificates=[fl.CertKeyPair(*certificate)] if certificate else None,
            middleware={"token": _Tokens(token), "wishes": _Wishes()},
        )

    def get_flight_info(self, context: Any, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
        with told():
            name, fields = unpacked(descriptor.command or b"")
            if name == info.COMMAND:
                return _info(info.SCHEMA, descriptor, descriptor.command)
            if name in catalog.COMMANDS:
                return _info(catalog.schema_of(name, fields), descriptor, descriptor.command)
            statement = _statement(name, fields)
            schema = self._lapwing.plan_sql(SqlQuery(text=statement.sql())).schema
            return _info(schema, descriptor, packed("TicketStatementQuery", {1: statement.handle()}))

    def get_schema(self, context: Any, descriptor: fl.FlightDescriptor) -> fl.SchemaResult:
        return fl.SchemaResult(self.get_flight_info(context, descriptor).schema)

    def do_get(self, context: Any, ticket: fl.Ticket) -> fl.FlightDataStream:
        with told():
            name, fields = unpacked(ticket.ticket)
            if name == info.COMMAND:
                return fl.RecordBatchStream(info.answer(fields))
            if name in catalog.COMMANDS:
                return fl.RecordBatchStream(catalog.answer(name, fields, catalog.tables(self._lapwing)))
            if name != "TicketStatementQuery":
                raise _unknown(name)
            statement = Statement.of(raw(fields, 1) or b"")
            rows = self._watched(statement, context)
            schema = next(rows)
        return fl.GeneratorStream(schema, rows)

    def _watched(self, statement: Statement, context: Any) -> Iterator[Any]:
        """As `_rows`, until its client leaves, which may be before there are any."""

        def leave() -> None:
            with suppress(NotFound):
                self._queries.cancel(statement.id)

        with self._left.watching(context, leave):
            yield from self._rows(statement, _address(context), context.get_middleware("wishes").wishes())

    def _rows(self, statement: Statement, who: str, wishes: Wishes) -> Iterator[Any]:
        """The schema, then the batches as they come."""
        with told():
            query = self._queries.begin(statement.text, statement.id, who=who, door="flight")
            with OnError(partial(self._queries.end, query)):
                wishes = replace(wishes, time_limit=self._queries.wait(query, wishes.time_limit))
                with self._turns.turn():
                    self._queries.start(query)
                    asked = SqlQuery(text=statement.sql(), who=who, wishes=wishes)
                    running = self._lapwing.run_sql(asked, query.id).running
                    self._queries.attach(query, running)
                    with running:
                        yield running.schema
                        for batch in running:
                            query.rows += batch.num_rows
                            yield batch
                self._queries.end(query)

    def do_put(self, context: Any, descriptor: fl.FlightDescriptor, reader: Any, writer: Any) -> None:
        with told():
            name, fields = unpacked(descriptor.command or b"")
            if name != "CommandPreparedStatementQuery":
                says = "Lapwing only reads: nothing can be put here."
                raise Refused.of("not-a-query", says) if "Update" in name or "Ingest" in name else _unknown(name)
            statement = _statement(name, fields, bound=False)
            table = reader.read_all()
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as out:
                out.write_table(table)
            bound = Statement(statement.id, statement.text, sink.getvalue().to_pybytes())
            writer.write(pa.py_buffer(write({1: bound.handle()})))

    def do_action(self, context: Any, action: fl.Action) -> Iterator[fl.Result]:
        with told():
            body = action.body.to_pybytes() if action.body is not None else b""
            if action.type == "CreatePreparedStatement":
                return iter([fl.Result(self._prepared(text(unpacked(body)[1], 1) or ""))])
            if action.type == "ClosePreparedStatement":
                return iter([])
            if action.type == "CancelFlightInfo":
                return iter([fl.Result(write({1: self._cancel(raw(read(body), 1) or b"")}))])
            if action.type == "CancelQuery":
                state = self._cancel(raw(unpacked(body)[1], 1) or b"")
                return iter([fl.Result(packed("ActionCancelQueryResult", {1: state}))])
            raise _unknown(action.type)

    def list_actions(self, context: Any) -> list[tuple[str, str]]:
        names = ("CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo", "CancelQuery")
        return [(name, "Flight SQL's") for name in names]

    def _prepared(self, query: str) -> bytes:
        statement = Statement("", query)
        fields = {1: statement.handle()}
        if not statement.waits:  # its columns, and its mistakes, are known now; else once it has values
            fields[2] = bytes(self._lapwing.plan_sql(SqlQuery(text=query)).schema.serialize())
        else:
            fields[3] = bytes(parameters(query, self._lapwing).serialize())
        return packed("ActionCreatePreparedStatementResult", fields)

    def _cancel(self, described: bytes) -> int:
        """Stops the statement of a FlightInfo."""
        ticket = read(raw(read(raw(read(described), 3) or b""), 1) or b"")
        statement = Statement.of(raw(unpacked(raw(ticket, 1) or b"")[1], 1) or b"")
        try:
            self._queries.cancel(statement.id)
        except NotFound:
            return _NOT_CANCELLABLE
        return _CANCELLED


def _statement(name: str, fields: Fields, bound: bool = True) -> Statement:
    """The statement that a command means, with an id of its own each time it is to run."""
    if name == "CommandStatementQuery":
        return Statement(uuid.uuid4().hex[:16], text(fields, 1) or "")
    if name != "CommandPreparedStatementQuery":
        raise _unknown(name)
    prepared = Statement.of(raw(fields, 1) or b"")
    return Statement(uuid.uuid4().hex[:16], prepared.text, prepared.values) if bound else prepared


def _address(context: Any) -> str:
    """Who calls: the client's address, without its port."""
    return str(context.peer()).removeprefix("ipv4:").removeprefix("ipv6:").rpartition(":")[0]


def _unknown(name: str) -> LapwingError:
    return WrongUse.of("unknown-command", f"There is no answer to {name or 'this'} here.")


def _info(schema: pa.Schema, descriptor: fl.FlightDescriptor, ticket: bytes) -> fl.FlightInfo:
    return fl.FlightInfo(schema, descriptor, [fl.FlightEndpoint(ticket, [])], -1, -1)


class _NoHandshake(fl.ServerAuthHandler):  # type: ignore[misc] # pyarrow is untyped
    """Clients with a user and a password shake hands first; the middleware has looked at them then."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None: ...

    def is_valid(self, token: bytes) -> bytes:
        return b""


class _Answering(fl.ServerMiddleware):  # type: ignore[misc] # pyarrow is untyped
    """Gives those who came with a password the header they are to send from then on."""

    def __init__(self, token: str) -> None:
        self._token = token

    def sending_headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}


class _Wished(fl.ServerMiddleware):  # type: ignore[misc] # pyarrow is untyped
    """How one call wants to be answered."""

    def __init__(self, headers: dict[str, list[str]]) -> None:
        self._headers = {name.lower(): values[0] for name, values in headers.items() if values}

    def wishes(self) -> Wishes:
        """`lapwing-max-age` is how old a kept result may be, such as 5m; `lapwing-cache: off` looks at none.

        Raises:
            WrongUse: it is no length of time.
        """
        age = self._headers.get("lapwing-max-age")
        return Wishes(
            max_age=parse_duration(age).total_seconds() if age else None,
            cache=self._headers.get("lapwing-cache", "on").lower() != "off",
        )


class _Wishes(fl.ServerMiddlewareFactory):  # type: ignore[misc] # pyarrow is untyped
    def start_call(self, info: Any, headers: dict[str, list[str]]) -> _Wished:
        return _Wished(headers)


class _Tokens(fl.ServerMiddlewareFactory):  # type: ignore[misc] # pyarrow is untyped
    """Refuses calls without the token, as a bearer's or as any user's password."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def start_call(self, info: Any, headers: dict[str, list[str]]) -> _Answering | None:
        if self._token is None:
            return None
        given = next((value for name, (value, *_) in headers.items() if name.lower() == "authorization"), "")
        kind, _, said = given.partition(" ")
        if kind.lower() == "basic":
            try:
                padded = said + "=" * (-len(said) % 4)  # clients in Go leave out the end
                said = base64.b64decode(padded).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                said = ""
        if not hmac.compare_digest(said.encode(), self._token.encode()):
            raise fl.FlightUnauthenticatedError("token-needed: This server asks for its token.")
        return _Answering(self._token)
