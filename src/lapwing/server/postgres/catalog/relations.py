"""What stands in FROM of a statement over catalogs and is no table of ours as it is: functions, and the roles, among which the
session's own user is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlglot import exp

ROLES: Final = {"pg_roles": ("rolname", "oid"), "pg_user": ("usename", "usesysid")}
"""Their tables, each with the columns of a role's name and number."""
_USER: Final = 11
_SELECTS: Final = {
    "pg_get_keywords": (
        "SELECT keyword_name AS word, upper(left(keyword_category, 1)) AS catcode, keyword_category AS catdesc "
        "FROM duckdb_keywords()"
    ),
    "pg_show_all_settings": "SELECT * FROM main.pg_settings",
    "pg_options_to_table": "SELECT NULL::VARCHAR AS option_name, NULL::VARCHAR AS option_value WHERE false",
    "pg_partition_tree": (
        "SELECT NULL::UINTEGER AS relid, NULL::UINTEGER AS parentrelid, NULL::BOOLEAN AS isleaf, 0 AS level WHERE false"
    ),
    "pg_partition_ancestors": "SELECT NULL::UINTEGER AS relid WHERE false",
}


def from_function(node: exp.Table) -> exp.Expr:
    """The call as the engine's, with the one column that PostgreSQL calls as the call is called."""
    from sqlglot import exp, parse_one

    call, alias = node.this, node.args.get("alias")
    name = (
        (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if isinstance(call, exp.Func)
        else ""
    )
    name = name.removeprefix("pg__")
    if name in _SELECTS:
        return _inside(node, parse_one(_SELECTS[name], dialect="duckdb"), alias or name)
    if alias is None or alias.args.get("columns"):
        return node
    if name == "string_to_array":
        return _inside(node, exp.select(exp.alias_(call.copy(), alias.name)), alias)
    if name in ("generate_series", "explodinggenerateseries"):
        alias.set("columns", [exp.to_identifier(alias.name)])
    return node


def roles(node: exp.Table, user: str) -> exp.Expr:
    """The table of roles with one more, whom the session is of."""
    from sqlglot import exp, parse_one

    table = node.name.lower()
    name, number = ROLES[table]
    said = exp.Literal.string(user).sql(dialect="duckdb")
    text = (
        f"SELECT * FROM main.{table} UNION ALL "
        f"SELECT * REPLACE (CAST({_USER} AS UINTEGER) AS {number}, {said} AS {name}) FROM main.{table}"
    )
    return _inside(node, parse_one(text, dialect="duckdb"), node.args.get("alias") or table)


def _inside(node: exp.Table, select: exp.Expr, alias: exp.TableAlias | str) -> exp.Expr:
    from sqlglot import exp

    called = exp.TableAlias(this=exp.to_identifier(alias)) if isinstance(alias, str) else alias
    return exp.Subquery(this=select, alias=called, joins=node.args.get("joins"), laterals=node.args.get("laterals"))
