"""The types of parameters that a client did not name: of a cast, of the column they are compared with, of a limit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lapwing.model.problem import LapwingError
from lapwing.query.service import Lapwing
from lapwing.server.postgres import types
from lapwing.server.postgres.catalog.names import of_engine
from lapwing.server.postgres.catalog.translate import plainer
from lapwing.server.postgres.types import PgType

if TYPE_CHECKING:
    from sqlglot import exp

_OIDS = re.compile(r"\$(\d+)\s*::\s*(?:pg_catalog\s*\.\s*)?oid\b\s*(\[\])?", re.IGNORECASE)


def guess(text: str, count: int, lapwing: Lapwing) -> list[int]:
    """The numbers of the types of parameters 1 to `count`; text where nothing tells, which the engine then reads as what
    stands beside it."""
    found = [types.TEXT.oid] * count
    if not count:
        return found
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(plainer(text), dialect="postgres")
    except (SqlglotError, RecursionError):
        return found
    columns: dict[str, PgType] | None = None
    for node in tree.find_all(exp.Parameter, exp.Placeholder):
        number = node.name
        if not number.isdecimal() or not 0 < int(number) <= count:
            continue
        if columns is None:
            columns = _columns(tree, lapwing)
        kind = _beside(node, columns)
        if kind is not None:
            found[int(number) - 1] = kind.oid
    for number, many in _OIDS.findall(text):  # of these the parser knows no arrays
        if int(number) <= count:
            found[int(number) - 1] = types.OID.array if many else types.OID.oid
    return found


def _beside(node: exp.Expr, columns: dict[str, PgType]) -> PgType | None:
    from sqlglot import exp

    parent = node.parent
    if isinstance(parent, exp.Paren | exp.Neg):
        return _beside(parent, columns)
    if isinstance(parent, exp.Cast):
        return _cast(parent)
    if isinstance(parent, exp.Limit | exp.Offset | exp.Fetch):
        return types.INT8
    if isinstance(parent, exp.Any):
        outer = parent.parent
        kind = _first((part for part in outer.iter_expressions() if part is not parent), columns) if outer else None
        return types.BY_OID.get((kind or types.TEXT).array)  # whatever it is compared with, it is a list
    if isinstance(parent, exp.Between | exp.In | exp.Binary):
        return _first((part for part in parent.iter_expressions() if part is not node), columns)
    return None


def _first(parts: Iterable[exp.Expr], columns: dict[str, PgType]) -> PgType | None:
    """The type of the first of some expressions that tells."""
    return next((kind for part in parts if (kind := _type(part, columns)) is not None), None)


def _type(node: exp.Expr, columns: dict[str, PgType]) -> PgType | None:
    from sqlglot import exp

    if isinstance(node, exp.Column):
        return columns.get(node.name.lower())
    if isinstance(node, exp.Cast):
        return _cast(node)
    if isinstance(node, exp.Literal):
        return types.TEXT if node.is_string else types.INT8 if node.is_int else types.FLOAT8
    if isinstance(node, exp.Count | exp.Length):
        return types.INT8
    if isinstance(node, exp.Binary | exp.Paren | exp.Neg | exp.AggFunc | exp.Coalesce):
        return _first(node.iter_expressions(), columns)
    return None


def _cast(node: exp.Cast) -> PgType:
    return of_engine(node.to.sql(dialect="duckdb"))[0]


def _columns(tree: exp.Expr, lapwing: Lapwing) -> dict[str, PgType]:
    """The columns of all tables of the statement, by their names alone."""
    from sqlglot import exp

    found: dict[str, PgType] = {}
    for table in tree.find_all(exp.Table):
        parts = tuple(part.name for part in table.parts)
        try:
            for name, type_ in _of_table(parts, lapwing):
                found.setdefault(name.lower(), of_engine(type_)[0])
        except LapwingError:
            continue  # the statement itself will be told what is wrong with it
    return found


def _of_table(parts: tuple[str, ...], lapwing: Lapwing) -> list[tuple[str, str]]:
    if len(parts) < 2:
        return []
    if parts[0].lower() == "metrics":
        dataset = lapwing.project.datasets.get(parts[1])
        if dataset is None:
            return []
        bound = lapwing.sql.bind(dataset)
        return [(dataset.time.column, bound.time_type), ("time", bound.time_type), *bound.dimensions.items()]
    return [(column.name, column.type) for column in lapwing.sql.catalog.resolve(parts).columns]
