"""Statements over tables of a lake, run by the engine over their rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lapwing.model.problem import SourceError, WrongUse
from lapwing.sources.base import Column, Table

FILTERED: Final = "lake_rows"


def filtered(where: str | None, columns: tuple[Column, ...], every: tuple[Column, ...]) -> tuple[Column, ...]:
    """`columns`, and those that `where` names."""
    import sqlglot
    from sqlglot import exp

    named = {node.name for node in sqlglot.parse_one(where or "TRUE", read="duckdb").find_all(exp.Column)}
    return (*columns, *(one for one in every if one.name in named and one not in columns))


def tables_of(sql: str, source: str, known: Mapping[str, Table]) -> tuple[str, dict[str, Table]]:
    """The SELECT with a name of its own in the place of each mention of a table, and the tables by these names. `known` are by
    how they are written.

    Raises:
        WrongUse: it is no SELECT. SourceError: it reads a table that is not there.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError as error:
        raise WrongUse.of("syntax", str(error).splitlines()[0]) from error
    if not isinstance(tree, exp.Query):
        raise WrongUse.of("not-a-query", "Tables of a lake are only read: this is no SELECT.")
    own = {one.alias for one in tree.find_all(exp.CTE)}
    found: dict[str, Table] = {}
    for node in list(tree.find_all(exp.Table)):
        if not isinstance(node.this, exp.Identifier) or (not node.db and node.name in own):
            continue
        parts = [part for part in (node.db, node.name) if part]
        table = known.get(".".join(exp.to_identifier(part, quoted=True).sql("duckdb") for part in parts))
        if table is None:
            raise SourceError.of("table-vanished", f"The table {source}.{'.'.join(parts)} is not there.")
        name = f"lake_{len(found)}"
        found[name] = table
        node.set("db", None)
        node.set("alias", node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(parts[-1], quoted=True)))
        node.set("this", exp.to_identifier(name))
    return tree.sql("duckdb"), found
