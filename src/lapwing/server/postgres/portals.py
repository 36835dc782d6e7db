"""What one connection has prepared and reads, and how statements run in it: shared by both of the protocol's ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
from pygwire.constants import TransactionStatus
from pygwire.messages import (
    CommandComplete,
    CopyDone,
    CopyOutResponse,
    EmptyQueryResponse,
    NoticeResponse,
    ParameterStatus,
)

from lapwing.model.problem import Conflict, NotFound, Refused, WrongUse
from lapwing.server.postgres import commands, copying, cursors
from lapwing.server.postgres.desk import Desk
from lapwing.server.postgres.reading import TableReading
from lapwing.server.postgres.rows import data_rows, description
from lapwing.server.postgres.settings import Settings
from lapwing.server.postgres.statement import Kind, Portal, Prepared
from lapwing.server.postgres.wire import Wire

MOST = 1_000
"""Prepared statements, and portals, of one connection."""


class Portals:
    """Use it from the connection's thread. `begun` is told the id of each query that starts."""

    def __init__(self, desk: Desk, wire: Wire, settings: Settings, begun: Callable[[str], None]) -> None:
        self.desk, self.wire, self.settings, self._begun = desk, wire, settings, begun
        self.statements: dict[str, Prepared] = {}
        self.portals: dict[str, Portal] = {}
        self.status = TransactionStatus.IDLE

    def prepare(self, name: str, statement: Prepared) -> None:
        """
        Raises:
            Conflict: there is one of that name, or there are too many.
        """
        if name and name in self.statements:
            raise Conflict.of("statement-exists", f"There already is a prepared statement {name}.")
        if len(self.statements) >= MOST and name not in self.statements:
            raise Conflict.of("too-large", f"There are {MOST} prepared statements.", hint="DEALLOCATE some.")
        self.statements[name] = statement

    def statement(self, name: str) -> Prepared:
        """
        Raises:
            NotFound: there is none.
        """
        if name not in self.statements:
            raise NotFound.of("unknown-statement", f"There is no prepared statement {name or 'without a name'}.")
        return self.statements[name]

    def bind(self, name: str, portal: Portal) -> None:
        """
        Raises:
            Conflict: there is one of that name, or there are too many.
        """
        if name and name in self.portals:
            raise Conflict.of("portal-exists", f"There already is a cursor {name}.")
        if len(self.portals) >= MOST and name not in self.portals:
            raise Conflict.of("too-large", f"There are {MOST} cursors.", hint="Close some.")
        self.close(name)
        self.portals[name] = portal

    def portal(self, name: str) -> Portal:
        """
        Raises:
            NotFound: there is none.
        """
        if name not in self.portals:
            raise NotFound.of("unknown-portal", f"There is no cursor {name or 'without a name'}.")
        return self.portals[name]

    def close(self, name: str) -> None:
        portal = self.portals.pop(name, None)
        if portal is not None:
            portal.close()

    def end(self, *, all_: bool = False) -> None:
        """A transaction is over: portals end, but those that were to outlive it."""
        for name, portal in list(self.portals.items()):
            if all_ or not portal.held:
                self.close(name)

    def check(self, statement: Prepared) -> None:
        """
        Raises:
            Refused: the transaction has failed, and this is not what ends it.
        """
        if self.status is TransactionStatus.ERROR_TRANSACTION and commands.first_word(statement.text) not in (
            "rollback", "commit", "end", "abort",
        ):  # fmt: skip
            says = "The transaction has failed; what follows is left until its end."
            raise Refused.of("in-failed-transaction", says, hint="Write ROLLBACK.")

    def schema(self, portal: Portal) -> pa.Schema | None:
        """The columns it has; begins to read, where it has any. None for what has none."""
        statement = portal.statement
        fetch = cursors.read(statement.text) if statement.kind is Kind.CURSOR else None
        if isinstance(fetch, cursors.Fetch):
            return self.schema(self.portal(fetch.name)) if fetch.shown else None
        if portal.reading is None and statement.kind in (Kind.CATALOG, Kind.QUERY, Kind.EXPLAIN) and not portal.ran:
            portal.ran = True
            portal.reading = self.desk.open(statement, portal.literals, self.settings, self._begun)
        if portal.reading is not None:
            return portal.reading.schema
        return self.desk.schema(statement, self.settings)

    def run(self, portal: Portal, most: int | None, *, described: bool) -> bool:
        """Runs it, or reads on in it: rows, then what ends them. `described`: its columns are told before. False when there
        may be more rows than `most`."""
        statement = portal.statement
        if statement.kind is Kind.EMPTY:
            self.wire.write(EmptyQueryResponse())
            return True
        if statement.kind is Kind.COMMAND and not portal.ran:
            portal.ran = True
            self._command(portal)
        if statement.kind is Kind.CURSOR:
            return self._cursor(portal, described)
        if statement.kind is Kind.COPY:
            return self._copy(statement)
        schema = self.schema(portal) if portal.reading is not None or not portal.ran else None
        if schema is None:
            self.wire.write(CommandComplete(portal.tag))
            return True
        if described:
            self.wire.write(description(schema, portal.formats))
        sent, whole = self._send(portal, most, portal.formats)
        if whole:
            shown = portal.tag if portal.tag != "SELECT" else f"SELECT {sent}"
            self.wire.write(CommandComplete(shown))
        return whole

    def _send(self, portal: Portal, most: int | None, formats: Sequence[int], shown: bool = True) -> tuple[int, bool]:
        """Rows as they come, up to `most`; how many, and whether that was all."""
        sent = 0
        while most is None or sent < most:
            batch = portal.take(None if most is None else most - sent)
            if batch is None:
                return sent, True
            sent += batch.num_rows
            if shown:
                self.wire.write(data_rows(batch, formats))
                if sent <= 1_000 or batch.num_rows >= 1_000:
                    self.wire.flush()
        return sent, False

    def _copy(self, statement: Prepared) -> bool:
        """Its rows as lines of text; all at once, as the protocol has it."""
        asked = copying.read(statement.text)
        query = self.desk.prepare(asked.query, (), statement.sent, statement.start)
        if query.kind not in (Kind.QUERY, Kind.CATALOG):
            raise Refused.of("not-a-query", "COPY reads a SELECT.")
        if query.types:
            raise WrongUse.of("parameter", "COPY has no parameters.", hint="Write the values into the statement.")
        reading = self.desk.open(query, (), self.settings, self._begun)
        rows = 0
        try:
            self.wire.write(CopyOutResponse(0, [0] * len(reading.schema)), copying.head(reading.schema, asked))
            while (batch := reading.next()) is not None:
                rows += batch.num_rows
                self.wire.write(copying.lines(batch, asked))
        finally:
            reading.close()
        self.wire.write(CopyDone(), CommandComplete(f"COPY {rows}"))
        return True

    def _cursor(self, portal: Portal, described: bool) -> bool:
        statement, asked = portal.statement, cursors.read(portal.statement.text)
        if isinstance(asked, cursors.Declare):
            prepared = self.desk.prepare(asked.query, (), statement.sent, statement.start)
            if prepared.kind not in (Kind.QUERY, Kind.CATALOG):
                raise Refused.of("not-a-query", "A cursor reads a SELECT.")
            made = Portal(prepared, held=asked.held)
            self.schema(made)  # what is wrong with it is told now
            self.bind(asked.name, made)
            self.wire.write(CommandComplete("DECLARE CURSOR"))
            return True
        assert asked is not None
        found = self.portal(asked.name)
        schema = self.schema(found)
        if described and asked.shown and schema is not None:
            self.wire.write(description(schema, portal.formats))
        sent, _ = self._send(found, asked.count, portal.formats, asked.shown)
        self.wire.write(CommandComplete(f"{'FETCH' if asked.shown else 'MOVE'} {sent}"))
        return True

    def _command(self, portal: Portal) -> None:
        done = commands.run(portal.statement.text, self.settings)
        for name, value in done.told:
            self.wire.write(ParameterStatus(name, value))
        failed = self.status is TransactionStatus.ERROR_TRANSACTION
        portal.tag = "ROLLBACK" if failed and done.tag == "COMMIT" else done.tag
        if done.rows is not None:
            portal.reading = TableReading(done.rows)
        match done.effect:
            case "begin":
                self.status = TransactionStatus.IN_TRANSACTION
            case "savepoint":
                self.status = TransactionStatus.IN_TRANSACTION
            case "end":
                self._end_transaction()
            case "deallocate" if done.name is None:
                self.statements.clear()
            case "deallocate":
                self.statement(str(done.name))
                del self.statements[str(done.name)]
            case "close":
                self.end(all_=True) if done.name is None else self.close(done.name)
            case "discard":
                self.statements.clear()
                self.end(all_=True)

    def _end_transaction(self) -> None:
        if self.status is TransactionStatus.IDLE:
            fields = {"S": "WARNING", "V": "WARNING", "C": "25P01", "M": "There is no transaction in progress."}
            self.wire.write(NoticeResponse(fields))
        self.status = TransactionStatus.IDLE
        for name in [name for name, one in self.portals.items() if not one.held and one.reading is not None]:
            self.close(name)

    def failed(self) -> None:
        """A statement failed."""
        if self.status is TransactionStatus.IN_TRANSACTION:
            self.status = TransactionStatus.ERROR_TRANSACTION
