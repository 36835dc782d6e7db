"""SQLAlchemy's dialect over `lapwing.connect()`: `create_engine("lapwing:///path/to/project")`, or a server as
`lapwing://:TOKEN@host:8600` (`?scheme=https` where it is encrypted).

SELECTs are compiled as for PostgreSQL. Reflection tells sources as schemas, `source.schema` where a source has several,
and datasets as views of `metrics`. There are no keys and indexes, and nothing is ever written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Final

from sqlalchemy import types
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGIdentifierPreparer, PGTypeCompiler
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.pool import Pool, QueuePool, StaticPool

from lapwing.query.described import METRICS

_PLAIN: Final[dict[str, Callable[[], types.TypeEngine[Any]]]] = {
    "BOOLEAN": types.Boolean, "TINYINT": types.SmallInteger, "SMALLINT": types.SmallInteger, "INTEGER": types.Integer,
    "BIGINT": types.BigInteger, "UTINYINT": types.SmallInteger, "USMALLINT": types.Integer, "UINTEGER": types.BigInteger,
    "UBIGINT": types.Numeric, "HUGEINT": types.Numeric, "UHUGEINT": types.Numeric, "FLOAT": types.Float,
    "DOUBLE": types.Double, "VARCHAR": types.String, "BLOB": types.LargeBinary, "DATE": types.Date, "TIME": types.Time,
    "TIMESTAMP": types.DateTime, "TIMESTAMP WITH TIME ZONE": lambda: types.DateTime(timezone=True),
    "INTERVAL": types.Interval, "UUID": types.Uuid, "JSON": types.JSON,
}  # fmt: skip
_BY_ITSELF: Final = "AUTOCOMMIT"
"""Every statement reads by itself."""
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


class Preparer(PGIdentifierPreparer):
    """Quotes what is a word of the engine's own, too."""

    reserved_words = PGIdentifierPreparer.reserved_words | {
        "anti", "asof", "at", "describe", "lambda", "pivot", "pivot_longer", "pivot_wider", "positional", "qualify", "semi",
        "show", "summarize", "unpivot",
    }  # fmt: skip


class LapwingDialect(DefaultDialect):
    """See the module."""

    name = "lapwing"
    driver = "lapwing"
    default_paramstyle = "qmark"
    statement_compiler = PGCompiler
    type_compiler_cls = PGTypeCompiler
    preparer = Preparer
    supports_statement_cache = True
    supports_alter = False
    supports_native_boolean = True
    supports_native_decimal = True
    supports_native_uuid = True
    supports_sane_rowcount = False
    supports_simple_order_by_label = True
    max_identifier_length = 255
    _backslash_escapes = False

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        import lapwing

        return lapwing

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A project is opened once, as its threads may share it."""
        return QueuePool if url.host else StaticPool

    def create_connect_args(self, url: URL) -> tuple[list[str], dict[str, Any]]:
        options: dict[str, Any] = {"progress": False}
        if limit := url.query.get("time_limit"):
            options["time_limit"] = float(str(limit))
        if not url.host:
            return [url.database or "."], options
        if url.password or url.username:
            options["token"] = str(url.password or url.username)
        return [f"{url.query.get('scheme', 'http')}://{url.host}:{url.port or 8600}"], options

    def do_ping(self, dbapi_connection: Any) -> bool:
        dbapi_connection.execute("select 1").close()
        return True

    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        return sorted({schema for schema, _, _ in _tables(connection)})

    def get_table_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        return [name for of, name, _ in _tables(connection) if of != METRICS and schema in (None, of)]

    def get_view_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        return [name for of, name, _ in _tables(connection) if of == METRICS and schema in (None, of)]

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        return any(name == table_name and schema in (None, of) for of, name, _ in _tables(connection))

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> list[Any]:
        found = self._found(connection, table_name, schema)
        return [
            {"name": one["name"], "type": _type(one["type"]), "nullable": True, "default": None}
            for one in found["columns"]
        ]

    def get_table_comment(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        return {"text": self._found(connection, table_name, schema)["description"] or None}

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        return {"constrained_columns": [], "name": None}

    def get_table_options(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        return {}

    def _none(self, connection: Any, *names: Any, **kw: Any) -> list[Any]:
        """What there is none of."""
        return []

    get_foreign_keys = get_indexes = get_unique_constraints = get_check_constraints = _none
    get_sequence_names = get_materialized_view_names = get_temp_table_names = get_temp_view_names = _none

    def get_isolation_level_values(self, dbapi_conn: Any) -> list[Any]:
        return [_BY_ITSELF]

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        return _BY_ITSELF

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """SQLAlchemy has looked at the level already."""

    def get_view_definition(self, connection: Any, view_name: str, schema: str | None = None, **kw: Any) -> str:
        return ""

    def _found(self, connection: Any, table: str, schema: str | None) -> dict[str, Any]:
        for of, name, found in _tables(connection):
            if name == table and schema in (None, of):
                return found
        raise NoSuchTableError(f"{schema}.{table}" if schema else table)


def _tables(connection: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Schema, name, and what else is told."""
    for one in connection.connection.dbapi_connection.tables():
        schema, _, name = one["path"].rpartition(".")
        yield schema, name, one


def _type(text: str) -> types.TypeEngine[Any]:
    if found := _DECIMAL.fullmatch(text):
        return types.Numeric(int(found[1]), int(found[2]))
    if text.endswith("[]"):
        return types.ARRAY(_type(text.removesuffix("[]")))
    return _PLAIN.get(text, types.NullType)()
