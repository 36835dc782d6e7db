"""Where statements of all connections go: to the catalogs or, with their parameters filled in, to the front door."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import pyarrow as pa

from lapwing.model.failing import OnError
from lapwing.model.problem import LapwingError
from lapwing.query.ask import SqlQuery
from lapwing.query.metric_sql import mentions_metrics
from lapwing.query.service import Lapwing
from lapwing.server.encode.columnar import dumps
from lapwing.server.postgres import commands, copying, cursors, dialect
from lapwing.server.postgres.backends import Backends
from lapwing.server.postgres.catalog.answer import Catalogs
from lapwing.server.postgres.catalog.tables import PUBLIC, shown
from lapwing.server.postgres.catalog.translate import ACTIVITY, CANCEL, of_catalogs, translated
from lapwing.server.postgres.guess import guess
from lapwing.server.postgres.parameters import count, filled, unknown
from lapwing.server.postgres.reading import QueryReading, TableReading
from lapwing.server.postgres.scan import bare
from lapwing.server.postgres.settings import VERSION, Settings
from lapwing.server.postgres.statement import Kind, Prepared, Reading
from lapwing.server.queries import Queries
from lapwing.server.turns import Turns
from lapwing.sql.explain import Explanation
from lapwing.sql.text import Edited, apply
from lapwing.sql.wrong import at_home

_EXPLAIN = re.compile(r"\bexplain\s+((?:\([^)]*\)\s*|analyze\s+|verbose\s+)*)", re.IGNORECASE)
_ANALYZE = re.compile(r"\banaly[sz]e\b(?!\s+(?:off|false|0)\b)", re.IGNORECASE)
_JSON = re.compile(r"\bformat\s+json\b", re.IGNORECASE)
_DOTTED = re.compile(r'"[^"\s.]*+\.')


class Desk:
    """Safe from several threads."""

    def __init__(self, lapwing: Lapwing, queries: Queries, turns: Turns) -> None:
        self.lapwing, self.queries, self.turns = lapwing, queries, turns
        self.catalogs = Catalogs(lapwing)
        self.backends = Backends(queries)

    def prepare(self, text: str, types: Sequence[int], sent: str, start: int) -> Prepared:
        """What kind of statement it is, and the types of its parameters; `types` are those the client has named, 0 where it
        has not."""
        kind = self._kind(text)
        start += _begin(text, kind)  # errors are about what it reads
        if isinstance(cursors.read(text), cursors.Fetch):
            sent = ""  # and those of FETCH about what was declared before
        number = max(count(text), len(types)) if kind in (Kind.CATALOG, Kind.QUERY) else 0
        named = [*types[:number], *[0] * (number - len(types))]
        if 0 in named:
            guessed = guess(text, number, self.lapwing)
            named = [one or guessed[place] for place, one in enumerate(named)]
        return Prepared(text, kind, tuple(named), sent, start)

    def _kind(self, text: str) -> Kind:
        if not bare(text):
            return Kind.EMPTY
        if commands.is_command(text):
            return Kind.COMMAND
        if cursors.read(text) is not None:
            return Kind.CURSOR
        word = commands.first_word(text)
        if word in (Kind.EXPLAIN, Kind.COPY):
            return Kind(word)
        return Kind.QUERY if of_catalogs(text) is None else Kind.CATALOG

    def schema(self, statement: Prepared, settings: Settings) -> pa.Schema | None:
        """The columns it will have; None of what has no rows.

        Raises:
            LapwingError: the statement is wrong.
        """
        name = commands.shown_name(statement.text)
        if statement.kind is Kind.COMMAND and name is not None:
            return pa.schema([(one, pa.string()) for one in (("name", "setting") if name == "all" else (name,))])
        if statement.kind is Kind.EXPLAIN:
            return pa.schema([("QUERY PLAN", pa.string())])
        if statement.kind is Kind.CATALOG:
            return self._catalog(statement, unknown(statement.types, plain=False), settings).schema
        if statement.kind is not Kind.QUERY:
            return None
        text = self.filled(statement, unknown(statement.types, mentions_metrics(statement.text)), settings)
        try:
            with self.turns.turn():
                return self.lapwing.plan_sql(SqlQuery(text=text.text, zone=settings.zone)).schema
        except LapwingError as error:
            raise at_home(error, text) from error

    def open(
        self, statement: Prepared, literals: Sequence[str], settings: Settings, begun: Callable[[str], None]
    ) -> Reading:
        """Begins to read its rows; `begun` is told the id of a query.

        Raises:
            LapwingError: the statement is wrong, or its source does not answer.
        """
        if statement.kind is Kind.CATALOG:
            return TableReading(self._catalog(statement, literals, settings))
        who = settings.get("session_authorization") or "lapwing"
        if statement.kind is Kind.EXPLAIN:
            found = _EXPLAIN.search(statement.text)
            options = found[1] if found else ""
            asked = statement.text[_begin(statement.text, Kind.EXPLAIN) :]
            query = SqlQuery(text=asked, zone=settings.zone, wishes=settings.wishes(), who=who)
            if _ANALYZE.search(options):
                told = self._analyzed(statement.text, query, begun)
            else:
                with self.turns.turn():
                    told = self.lapwing.explained_sql(query)
            lines = [dumps([told.document]).decode()] if _JSON.search(options) else told.text.split("\n")
            return TableReading(pa.table({"QUERY PLAN": lines}))
        text = self.filled(statement, literals, settings)
        query = SqlQuery(text=text.text, zone=settings.zone, wishes=settings.wishes())
        return QueryReading(
            text, query, lapwing=self.lapwing, queries=self.queries, turns=self.turns, who=who, begun=begun
        )

    def _analyzed(self, text: str, query: SqlQuery, begun: Callable[[str], None]) -> Explanation:
        """How it ran: it is listed, takes a place and can be cancelled like the statement itself."""
        asked = self.queries.begin(text, who=query.who or "unknown", door="postgres")
        begun(asked.id)
        with OnError(partial(self.queries.end, asked)):
            left = self.queries.wait(asked, query.wishes.time_limit)
            with self.turns.turn():
                self.queries.start(asked)
                query = replace(query, wishes=replace(query.wishes, time_limit=left))
                told = self.lapwing.explained_sql(
                    query, analyze=True, query_id=asked.id, begun=partial(self.queries.attach, asked)
                )
        self.queries.end(asked)
        return told

    def filled(self, statement: Prepared, literals: Sequence[str], settings: Settings) -> Edited:
        """The statement as it is read here, with its parameters' values, which knows where in the original everything was."""
        seen = shown(self.lapwing) if settings.path != (PUBLIC,) or _DOTTED.search(statement.text) else ()
        edits = dialect.edits(statement.text, seen, settings.path) + filled(statement.text, literals)
        return apply(statement.text, tuple(edits))

    def _catalog(self, statement: Prepared, literals: Sequence[str], settings: Settings) -> pa.Table:
        tree = of_catalogs(apply(statement.text, tuple(filled(statement.text, literals))).text)
        assert tree is not None
        session = {f"setting {name.lower()}": value for name, value in settings.items()}
        session |= {
            "user": settings.get("session_authorization") or "lapwing",
            "current_database": self.catalogs.database,
            "current_schema": self._schema(settings),
            "version": VERSION,
            "pg_backend_pid": str(settings.number),
        }
        found = translated(tree, session)
        activity = self.backends.activity(self.catalogs.database) if ACTIVITY in found.sql else ()
        return self._signalled(self.catalogs.table(found.sql, activity), found.signals)

    def _schema(self, settings: Settings) -> str:
        """The first of the search path that there is."""
        known = {PUBLIC, *(one.schema for one in shown(self.lapwing) if settings.path != (PUBLIC,))}
        return next((one for one in settings.path if one in known), PUBLIC)

    def _signalled(self, table: pa.Table, signals: Mapping[int, str]) -> pa.Table:
        """Cancels, or ends, the connections whose numbers stand in a column; whether there was such a one takes their place."""
        for column, name in signals.items():
            signal = self.backends.cancel if name == CANCEL else self.backends.terminate
            told = [None if number is None else signal(int(number)) for number in table.column(column).to_pylist()]
            table = table.set_column(column, table.schema.names[column], pa.array(told, pa.bool_()))
        return table


def _begin(text: str, kind: Kind) -> int:
    """The character where the query begins that another statement holds."""
    if kind is Kind.COPY:
        return copying.begin(text)
    if kind is Kind.EXPLAIN:
        found = _EXPLAIN.search(text)
        return found.end() if found else 0
    asked = cursors.read(text) if kind is Kind.CURSOR else None
    return asked.start if isinstance(asked, cursors.Declare) else 0
