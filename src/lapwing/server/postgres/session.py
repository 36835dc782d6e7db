"""One connection from its first message after the login to its last: the simple and the extended way to ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import structlog
from pygwire.constants import ConnectionPhase, TransactionStatus
from pygwire.messages import (
    Bind,
    BindComplete,
    Close,
    CloseComplete,
    Describe,
    Execute,
    Flush,
    FunctionCall,
    NoData,
    ParameterDescription,
    Parse,
    ParseComplete,
    PGMessage,
    PortalSuspended,
    Query,
    ReadyForQuery,
    Sync,
    Terminate,
)

from lapwing.model.failing import Caught
from lapwing.model.problem import Refused, WrongUse
from lapwing.query.metric_sql import mentions_metrics
from lapwing.server.postgres.desk import Desk
from lapwing.server.postgres.errors import response
from lapwing.server.postgres.parameters import Values
from lapwing.server.postgres.portals import Portals
from lapwing.server.postgres.rows import description
from lapwing.server.postgres.scan import Part, parts
from lapwing.server.postgres.settings import Settings
from lapwing.server.postgres.statement import Portal, Prepared
from lapwing.server.postgres.wire import Left, Wire
from lapwing.server.unforeseen import known

_log = structlog.get_logger("lapwing.server")


class Session:
    """Use it from one thread."""

    def __init__(self, desk: Desk, wire: Wire, settings: Settings, begun: Callable[[str], None]) -> None:
        self._desk, self._wire = desk, wire
        self._portals = Portals(desk, wire, settings, begun)
        self._skipping = False

    def run(self) -> None:
        """Answers until the client leaves.

        Raises:
            Left: it went without a word. WrongUse: it sends what is no message.
        """
        self._ready()
        try:
            while True:
                message = self._wire.read(ConnectionPhase.READY)
                if isinstance(message, Terminate):
                    return
                self._message(message)
        finally:
            self._portals.end(all_=True)

    def _ready(self) -> None:
        self._wire.write(ReadyForQuery(self._portals.status))
        self._wire.flush()

    def _message(self, message: PGMessage) -> None:
        if isinstance(message, Query):
            self._skipping = False
            self._simple(message.query_string)
            self._ready()
        elif isinstance(message, Sync):
            self._skipping = False
            if self._portals.status is TransactionStatus.IDLE:
                self._portals.end()
            self._ready()
        elif isinstance(message, Flush):
            self._wire.flush()
        elif not self._skipping:
            statement: list[Prepared] = []
            with Caught() as caught:  # whatever it is, the client is told and the connection goes on
                self._extended(message, statement)
            if caught.error is not None:
                self._skipping = True
                self._fail(caught.error, statement[-1] if statement else None)

    def _simple(self, text: str) -> None:
        """All statements of a text, until one fails."""
        for part in parts(text) or [Part("", 0)]:
            statement = None
            with Caught() as caught:
                statement = self._desk.prepare(part.text, (), text, part.start)
                if statement.types:
                    raise WrongUse.of("parameter", "A statement without bound values has no parameters.")
                self._portals.check(statement)
                with closing(Portal(statement)) as portal:
                    self._portals.run(portal, None, described=True)
            if caught.error is not None:
                self._fail(caught.error, statement)
                return

    def _extended(self, message: PGMessage, at: list[Prepared]) -> None:
        """One message of the extended way; `at` is given the statement that it is about, for errors."""
        portals, wire = self._portals, self._wire
        match message:
            case Parse(statement=name, query=text, param_types=types):
                statement = self._parse(text, types)
                at.append(statement)
                portals.check(statement)
                portals.prepare(name, statement)
                wire.write(ParseComplete())
            case Bind():
                at.append(portals.statement(message.statement))
                self._bind(message, at[-1])
                wire.write(BindComplete())
            case Describe(kind="S", name=name):
                at.append(portals.statement(name))
                portals.check(at[-1])
                types = list(at[-1].types)
                schema = portals.schema(Portal(at[-1], ran=True))
                wire.write(ParameterDescription(types), NoData() if schema is None else description(schema, ()))
            case Describe(name=name):
                portal = portals.portal(name)
                at.append(portal.statement)
                schema = portals.schema(portal)
                wire.write(NoData() if schema is None else description(schema, portal.formats))
            case Execute(portal=name, max_rows=most):
                portal = portals.portal(name)
                at.append(portal.statement)
                portals.check(portal.statement)
                if not portals.run(portal, most or None, described=False):
                    wire.write(PortalSuspended())
            case Close(kind="S", name=name):
                portals.statements.pop(name, None)
                wire.write(CloseComplete())
            case Close(name=name):
                portals.close(name)
                wire.write(CloseComplete())
            case FunctionCall():
                raise Refused.of("not-implemented", "Functions are called in a SELECT.")
            case _:
                raise WrongUse.of("protocol", f"{type(message).__name__} is not expected here.")

    def _parse(self, text: str, types: list[int]) -> Prepared:
        found = parts(text)
        if len(found) > 1:
            raise WrongUse.of("one-statement", f"One statement at a time; here are {len(found)}.")
        part = found[0] if found else None
        return self._desk.prepare(part.text if part else "", types, text, part.start if part else 0)

    def _bind(self, message: Bind, statement: Prepared) -> None:
        given, wanted = len(message.param_values), len(statement.types)
        if given != wanted:
            raise WrongUse.of("protocol", f"{given} values are bound, and the statement has {wanted} parameters.")
        values = Values(statement.types, message.param_formats, message.param_values)
        self._portals.check(statement)
        portal = Portal(statement, values.literals(mentions_metrics(statement.text)), tuple(message.result_formats))
        self._portals.bind(message.portal, portal)

    def _fail(self, error: BaseException, statement: Prepared | None) -> None:
        """Tells the client. A client that has left is not told."""
        if isinstance(error, Left):
            raise error
        self._portals.failed()
        text, start = (statement.sent, statement.start) if statement else ("", 0)
        self._wire.write(response(known(error, door="postgres"), text, start=start))
        self._wire.flush()
