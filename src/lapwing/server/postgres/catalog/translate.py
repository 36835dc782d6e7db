"""Statements over PostgreSQL's catalogs as the engine's: their tables, functions and types, by the tree of the statement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapwing.server.postgres.catalog.columns import INFORMATION_SCHEMA, PG_CATALOG
from lapwing.server.postgres.catalog.functions import NAMES, PREFIX
from lapwing.server.postgres.catalog.relations import ROLES, from_function, roles
from lapwing.server.postgres.catalog.tables import CLASSES, PROCEDURES
from lapwing.server.postgres.types import SCALARS

if TYPE_CHECKING:
    from sqlglot import exp

_HINTS = re.compile(
    r"\bpg_|\binformation_schema\b|\bcurrent_(?:schema|database|user|role|setting|catalog)|\bset_config\s*\("
    r"|\bsession_user\b|\bversion\s*\(|\bhas_\w+_privilege\b|\bto_reg|\binet_server|::\s*reg|\btxid_current",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"\boperator\s*\(\s*pg_catalog\s*\.\s*([^)\s]+)\s*\)", re.IGNORECASE)
_QUALIFIED = re.compile(
    r"""(?<![\w"])(?:(?:pg_catalog|"pg_catalog")\s*\.\s*(?=[\w"])|information_schema\s*\.\s*(?=_pg_))""", re.IGNORECASE
)
_KEYWORDS = re.compile(r"\bas\s+(select|insert|update|delete|table)\b(?!\s*\()", re.IGNORECASE)
_LISTS = re.compile(r"::\s*(oid|regclass|regtype|name)\s*\[\]", re.IGNORECASE)
_COLLATE = re.compile(r"""\bcollate\s+(?:pg_catalog\s*\.\s*)?"?(?:default|C)"?""", re.IGNORECASE)
_ELEMENTS = re.compile(r'"([^"]*)"|([^,"]+)')
_TYPES = {"regclass": "UINTEGER", "oid": "UINTEGER", "name": "VARCHAR", "char": "VARCHAR", "regtype": "UINTEGER",
          "regproc": "VARCHAR", "regnamespace": "UINTEGER", "cardinal_number": "BIGINT", "sql_identifier": "VARCHAR",
          "character_data": "VARCHAR", "yes_or_no": "VARCHAR", "xid": "BIGINT", "aclitem": "VARCHAR",
          "regrole": "VARCHAR", "regprocedure": "VARCHAR", "regoper": "VARCHAR", "regoperator": "VARCHAR",
          "regconfig": "VARCHAR", "regdictionary": "VARCHAR", "regcollation": "VARCHAR", "int2vector": "BIGINT[]",
          "oidvector": "BIGINT[]", "anyarray": "VARCHAR[]"}  # fmt: skip
_RENAMED = {"json_build_object": "json_object", "jsonb_build_object": "json_object", "json_build_array": "json_array"}
_TRANSACTIONS = {"transactionid", "relfrozenxid", "relminmxid", "datfrozenxid", "backend_xid", "backend_xmin"}
_CLOCKS = {"current_timestamp": "now", "current_date": "today"}
_TYPE_NAMES = {one.sql: one.oid for one in SCALARS} | {one.name: one.oid for one in SCALARS}


ACTIVITY = "pg__activity"
"""What stands for pg_stat_activity, which is of the moment."""
CANCEL, TERMINATE = "pg_cancel_backend", "pg_terminate_backend"


@dataclass(frozen=True, slots=True)
class Translated:
    """The statement for the engine. `signals`: the columns of its result that are numbers of connections, for which the
    function named is to be called."""

    sql: str
    signals: Mapping[int, str]


def of_catalogs(text: str) -> exp.Expr | None:
    """The tree of a statement that asks catalogs and functions alone; None for one that is for the sources (or wrong)."""
    if not _HINTS.search(text):
        return None
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(plainer(text), dialect="postgres")
    except (SqlglotError, RecursionError):
        return None
    if not isinstance(tree, exp.Query):
        return None
    ctes = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    found = [table for table in tree.find_all(exp.Table) if not (table.name in ctes and not table.db)]
    tables = [table for table in found if isinstance(table.this, exp.Identifier)]
    return tree if all(_known(table) for table in tables) else None


def plainer(text: str) -> str:
    """The statement without what says that a name is PostgreSQL's own, without arrays that the parser does not know, and with
    words of SQL that are names in quotes."""
    text = _KEYWORDS.sub(r'AS "\1"', text)
    text = _QUALIFIED.sub("", _COLLATE.sub("", _OPERATOR.sub(r" \1 ", text)))
    return _LISTS.sub(lambda found: f"::{'text' if found[1].lower() == 'name' else 'bigint'}[]", text)


def _known(table: exp.Table) -> bool:
    if table.db.lower() == "information_schema":
        return table.name.lower() in INFORMATION_SCHEMA
    return not table.db and table.name.lower() in PG_CATALOG


def translated(tree: exp.Expr, session: Mapping[str, str]) -> Translated:
    """The statement for the engine; `session` tells what its functions say: user, database, schema, version, the connection's
    number, and the settings."""
    _name_results(tree)
    signals = _signals(tree)
    for node in reversed(list(tree.walk(bfs=False))):  # what is inside first
        found = _node(node, session)
        if found is not node:
            node.replace(found)
    return Translated(str(tree.sql(dialect="duckdb")), signals)


def _signals(tree: exp.Expr) -> dict[int, str]:
    """Takes the functions that signal out of what is selected; elsewhere there are none."""
    from sqlglot import exp

    found: dict[int, str] = {}
    for place, select in enumerate(tree.selects if isinstance(tree, exp.Query) else ()):
        call = select.unalias()
        if isinstance(call, exp.Anonymous) and call.name.lower() in (CANCEL, TERMINATE) and len(call.expressions) == 1:
            found[place] = call.name.lower()
            call.replace(call.expressions[0])
    return found


def _name_results(tree: exp.Expr) -> None:
    """Gives columns without a name the one that PostgreSQL would."""
    from sqlglot import exp

    for select in tree.selects if isinstance(tree, exp.Query) else ():
        if not isinstance(select, exp.Alias | exp.Column | exp.Star | exp.Dot):
            copied = select.copy()
            select.replace(exp.alias_(copied, _result_name(copied), quoted=True))


def _result_name(node: exp.Expr) -> str:
    from sqlglot import exp

    if isinstance(node, exp.Cast | exp.Paren):
        return _result_name(node.this)
    if isinstance(node, exp.Column):
        return node.name
    return _function_name(node) if isinstance(node, exp.Func) and not isinstance(node, exp.Case) else "?column?"


def _node(node: exp.Expr, session: Mapping[str, str]) -> exp.Expr:
    from sqlglot import exp

    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        return _table(node, session)
    if isinstance(node, exp.Table):
        return from_function(node)
    if isinstance(node, exp.Column):
        return _column(node, session)
    if isinstance(node, exp.Cast):
        return _cast(node)
    if isinstance(node, exp.Func):
        return _function(node, session)
    return node


def _table(node: exp.Table, session: Mapping[str, str]) -> exp.Expr:
    from sqlglot import exp

    if not _known(node):
        return node
    name = node.name.lower()
    if name in ROLES and session["user"] != "lapwing":
        return roles(node, session["user"])
    if name == "pg_stat_activity":
        return exp.Table(
            this=exp.to_identifier(ACTIVITY),
            alias=node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name)),
            joins=node.args.get("joins"),
            laterals=node.args.get("laterals"),
        )
    inside = f"information_schema_{name}" if node.db.lower() == "information_schema" else name
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
    return exp.Table(this=exp.to_identifier(inside), db=exp.to_identifier("main"), alias=alias,
                     joins=node.args.get("joins"), laterals=node.args.get("laterals"))  # fmt: skip


def _column(node: exp.Column, session: Mapping[str, str]) -> exp.Expr:
    from sqlglot import exp

    if node.name == "tableoid":
        return _constant(_table_oid(node))
    if node.name == "xmin":
        return _constant(1)  # nobody changes the catalogs
    if not node.table and not node.this.args.get("quoted") and (found := _said(node.name.lower(), session)) is not None:
        return exp.Literal.string(found)
    if node.args.get("db"):
        return exp.column(node.this, table=node.args["table"])
    return node


def _constant(number: int) -> exp.Expr:
    """As a bare number ORDER BY would take it for the place of a column."""
    from sqlglot import exp

    return exp.cast(exp.Literal.number(number), "bigint")


def _table_oid(node: exp.Column) -> int:
    """The number of the catalog that a row is of. Only those of tables, columns and datasets are told of elsewhere."""
    from sqlglot import exp

    select = node.find_ancestor(exp.Select)
    while select is not None:
        for table in select.find_all(exp.Table):
            if not node.table or table.alias_or_name == node.table:
                return CLASSES if table.name.lower() == "pg_class" else 0
        select = select.find_ancestor(exp.Select)
    return 0


def _cast(node: exp.Cast) -> exp.Expr:
    from sqlglot import exp

    name = node.to.sql(dialect="postgres").lower().replace("information_schema.", "")
    name = name.strip('"').rstrip("[]").strip('"')
    plain = node.this
    if node.is_type("array") and isinstance(plain, exp.Literal) and plain.is_string and plain.name[:1] == "{":
        listed = [quoted or bare for quoted, bare in _ELEMENTS.findall(plain.name[1:-1])]
        node.this.replace(exp.Array(expressions=[exp.Literal.string(one) for one in listed]))
    if name not in _TYPES:
        return node
    many = node.to.sql(dialect="postgres").endswith("[]")
    value = node.this
    if name == "regclass" and not many:
        if isinstance(value, exp.Literal) and value.is_string and value.name.removeprefix("pg_catalog.") == "pg_class":
            return exp.Literal.number(CLASSES)
        of_name = isinstance(value, exp.Literal) and value.is_string
        return exp.Anonymous(this=f"{PREFIX}{'regclass' if of_name else 'class_name'}", expressions=[value])
    if name == "regtype" and isinstance(value, exp.Literal) and value.is_string:
        return exp.Literal.number(_TYPE_NAMES.get(value.name.lower(), 0))
    if name == "regtype":
        return exp.Anonymous(this=f"{PREFIX}format_type", expressions=[value, exp.Literal.number(-1)])
    if name == "regproc" and isinstance(value, exp.Literal) and value.is_string:
        known = PROCEDURES.get(value.name.lower().removeprefix("pg_catalog."))
        return exp.Null() if known is None else exp.Literal.number(known)
    if name == "char" and not node.to.sql(dialect="postgres").startswith('"'):
        return node
    kind = _TYPES[name] + ("[]" if many else "")
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def _function(node: exp.Func, session: Mapping[str, str]) -> exp.Expr:
    from sqlglot import exp

    name = _function_name(node)
    arguments = node.expressions if isinstance(node, exp.Anonymous) else list(node.iter_expressions())
    if (found := _said(name, session)) is not None:
        return exp.Literal.string(found)
    if name in ("current_setting", "set_config") and arguments:
        return _setting(name, arguments, session)
    if name == "age" and len(arguments) == 1 and _is_transaction(arguments[0]):
        return _constant(0)
    if name in _CLOCKS:  # as words, they would be the columns that are called so
        return exp.Anonymous(this=_CLOCKS[name])
    if name == "pg_backend_pid":
        return exp.Literal.number(session[name])
    if name == "current_schemas":
        return exp.Array(expressions=[exp.Literal.string(one) for one in ("pg_catalog", session["current_schema"])])
    if name == "generate_subscripts":
        return exp.Anonymous(this="range", expressions=[exp.Literal.number(0)])
    if name in _RENAMED:
        return exp.Anonymous(this=_RENAMED[name], expressions=arguments)
    if name in NAMES:
        return exp.Anonymous(this=f"{PREFIX}{name}", expressions=arguments)
    return node


def _is_transaction(node: exp.Expr) -> bool:
    """Whether it is the number of one: there are none here, so the oldest is as young as any."""
    from sqlglot import exp

    return node.is_int or node.name in _TRANSACTIONS or (isinstance(node, exp.Cast) and node.is_type("bigint"))


def _function_name(node: exp.Func) -> str:
    from sqlglot import exp

    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    return "version" if name == "current_version" else name


def _setting(name: str, arguments: list[exp.Expr], session: Mapping[str, str]) -> exp.Expr:
    from sqlglot import exp

    if name == "set_config" and len(arguments) > 1:
        return arguments[1]
    found = session.get(f"setting {arguments[0].name.lower()}")
    return exp.Null() if found is None else exp.Literal.string(found)


def _said(name: str, session: Mapping[str, str]) -> str | None:
    names = {"current_role": "user", "session_user": "user", "current_user": "user", "user": "user",
             "current_catalog": "current_database"}  # fmt: skip
    key = names.get(name, name)
    return session.get(key) if key in ("user", "current_database", "current_schema", "version") else None
