"""Parses a statement with the engine's own parser, and lets only reading through.

What is allowed is listed: kinds of query, kinds of table, functions. Everything else is refused with its position, so a new
kind of statement, or a new function, of a newer engine is refused until someone thought about it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lapwing.model.problem import Problem, Refused, WrongUse
from lapwing.sources.clock import CLOCKS
from lapwing.sources.quote import text as text_literal
from lapwing.sql.depth import check_depth, check_length
from lapwing.sql.functions import SAMPLE
from lapwing.sql.mentions import Mentions
from lapwing.sql.order import OrderKey, order_of
from lapwing.sql.text import Edit, Letters, place

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor

QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
TABLES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT"})
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree", "repeat", "repeat_row"})
ELSEWHERE = frozenset({"getenv"})
"""Functions that the engine has in some of its builds alone, and that reach out."""
NOWHERE = 2**64 - 1
READ_ONLY = "Lapwing only reads: one SELECT, WITH, FROM or VALUES statement."

_FILES = re.compile(r"^read_|_scan$|csv|json|parquet|^glob$")
# Inside a text of the tree these quotes would be escaped.
_PLACES = re.compile(r'"query_location(?:_length)?":\d+,?')
_PART = r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention of a table: its name's parts as written, the name's place in bytes, the name it has in the query, by what a
    SELECT of it alone orders the rows that it limits, and the names, in small letters, that its columns may be meant by (None:
    any)."""

    parts: tuple[str, ...]
    start: int
    end: int
    alias: str
    order: tuple[OrderKey, ...] = ()
    columns: frozenset[str] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.alias or self.parts[-1]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that only reads. `qualified`: edits that shorten `source.table.column` to `table.column`; `names`, in
    small letters: all that may be a function's. `meaning` is the same for texts that differ in white space, comments and
    letters' case of keywords alone."""

    text: str
    references: tuple[Reference, ...]
    qualified: tuple[Edit, ...]
    names: frozenset[str]
    meaning: str


def parse(text: str, cursor: Cursor, refused: Container[str] = ()) -> Statement:
    """Reads `text`, in which none of the `refused` functions may be called.

    Raises:
        WrongUse: it does not parse.
        Refused: it is no single reading statement, or uses a function that is not for statements.
        TimeLimit: inside `cursor.within`, whose time is over.
    """
    check_length(text)
    check_depth(text)
    tree = cursor.table(f"SELECT json_serialize_sql({text_literal(text)}) AS tree")["tree"][0].as_py()
    if not tree:  # of a constant whose bytes are no text, such as x'é'
        raise WrongUse.of("syntax", "The statement does not parse: a constant is wrong.", place=place(text, 0))
    answer = json.loads(tree)
    if answer["error"]:
        raise _parse_error(text, answer)
    statements = answer["statements"]
    if not statements:
        raise Refused.of("one-statement", "There is no statement here.", place=place(text, 0), hint="Write a SELECT.")
    if len(statements) > 1:
        second = place(text, text.find(";") + 1)
        raise Refused.of("one-statement", f"One statement at a time; here are {len(statements)}.", place=second)
    cursor.check()
    walk = _Walk(text, refused, tree, cursor.check)
    walk.visit(statements[0], frozenset())
    if walk.problems:
        raise Refused(*walk.problems)
    meaning = hashlib.sha256(_PLACES.sub("", tree).encode(errors="surrogatepass")).hexdigest()
    return Statement(text, walk.narrowed(), tuple(walk.shortened()), frozenset(walk.names), meaning)


def _parse_error(text: str, answer: Mapping[str, Any]) -> WrongUse | Refused:
    message = str(answer["error_message"])
    if answer.get("error_type") == "not implemented":
        return Refused(Problem("not-a-query", READ_ONLY, place(text, len(text) - len(text.lstrip()))))
    where = int(answer["position"]) if "position" in answer else 0
    return WrongUse(Problem("syntax", f"The statement does not parse: {message}.", place(text, where)))


class _Walk:
    """Visits the engine's syntax tree, collecting tables and what is wrong."""

    def __init__(
        self, text: str, refused: Container[str] = (), tree: str = "", check: Callable[[], None] = lambda: None
    ) -> None:
        self.check = check
        self.text, self.refused, self.mentions = text, refused, Mentions(tree)
        self.letters = Letters(text)
        self.references: list[Reference] = []
        self.mentioned: list[Mapping[str, Any]] = []
        self.columns: list[Mapping[str, Any]] = []
        self.names: set[str] = set()
        self.orders: dict[int, tuple[OrderKey, ...]] = {}
        self.judged: set[int] = set()
        self.problems: list[Problem] = []

    def visit(self, node: object, ctes: frozenset[str]) -> None:
        if isinstance(node, list):
            for child in node:
                self.visit(child, ctes)
            return
        if not isinstance(node, dict):
            return
        if "cte_map" in node:
            self.mentions.enter()
            self.node(node, ctes)
            self.mentions.leave()
        else:
            self.mentions.see(node)
            self.node(node, ctes)

    def node(self, node: Mapping[str, Any], ctes: frozenset[str]) -> None:
        self.check()
        if "cte_map" in node:
            ctes |= {str(entry["key"]).lower() for entry in node["cte_map"]["map"]}
            if "cte_name" in node:
                ctes |= {str(node["cte_name"]).lower()}
            if node["type"] not in QUERIES:
                self.problem("not-a-query", READ_ONLY, node)
                return
            if node["type"] == "SELECT_NODE" and node["from_table"]["type"] == "BASE_TABLE":
                self.orders[id(node["from_table"])] = order_of(node)
        elif "class" in node:
            self.expression(node)
        elif "type" in node and "alias" in node and "sample" in node:
            if node["type"] == "SHOW_REF":
                hint = "`lapwing catalog` lists sources, tables and columns."
                self.problem("not-a-query", READ_ONLY, node, hint)
                return
            self.table(node, ctes)
        self.names |= {SAMPLE} if node.get("sample") else set()
        for child in node.values():
            self.visit(child, ctes)

    def expression(self, node: Mapping[str, Any]) -> None:
        if node["class"] == "COLUMN_REF":
            self.columns.append(node)
            self.names.add(str(node["column_names"][-1]).lower())  # current_date has no parentheses
        elif node["class"] == "PARAMETER":
            self.problem("parameter", "A statement here has no parameters.", node)
        elif node["class"] in ("FUNCTION", "WINDOW"):
            self.function(node)

    def function(self, node: Mapping[str, Any]) -> None:
        name = str(node.get("function_name", "")).lower()
        self.names.add(name)
        if name in TABLE_FUNCTIONS or id(node) in self.judged:
            return
        if name in self.refused or name in ELSEWHERE:
            self.problem("function-refused", f"The function {node['function_name']} is not for statements.", node)
        elif name in CLOCKS and node.get("catalog"):  # it would look at a clock of its own
            self.problem("function-refused", f"The function {name} is written without catalog and schema.", node)

    def table(self, node: Mapping[str, Any], ctes: frozenset[str]) -> None:
        kind = node["type"]
        if kind == "TABLE_FUNCTION":
            name = str(node["function"].get("function_name", "")).lower()
            self.judged.add(id(node["function"]))
            if name not in TABLE_FUNCTIONS:
                allowed = f"Allowed are {', '.join(sorted(TABLE_FUNCTIONS))}."
                hint = "Files are read through a source of type files." if _FILES.search(name) else allowed
                self.problem("table-function-refused", f"The table function {name} is not allowed.", node, hint)
        elif kind == "BASE_TABLE":
            parts = tuple(str(part) for part in node["qualified_name"]["path"])
            if node.get("at_clause") and parts[0].lower() != "metrics":
                hint = "metrics.DATASET remembers: from metrics.DATASET at (timestamp => '2026-01-31T12:00')."
                self.problem(
                    "sources-forget", f"{'.'.join(parts)} is read as it is now, not AT another time.", node, hint
                )
            if not (len(parts) == 1 and parts[0].lower() in ctes):
                self.reference(parts, node)
        elif kind not in TABLES:
            self.problem("not-a-query", f"A table of this kind ({kind.lower()}) is not allowed.", node)

    def reference(self, parts: tuple[str, ...], node: Mapping[str, Any]) -> None:
        start = int(node["query_location"])
        written = re.compile(r"\s*\.\s*".join([_PART] * len(parts)))
        found = written.match(self.text, self.letters.letter(start)) if start != NOWHERE else None
        if start == NOWHERE:  # the parser places every mention but this one
            name = ".".join(parts)
            self.problem("unknown-table", f"TABLE {name} is not supported; write FROM {name}.", node)
        elif found is None and parts[0].startswith(("/", ".")):
            self.problem("unknown-table", f"{parts[0]} is no table of a source.", node)
        elif found is None:
            self.problem("unknown-table", f"{'.'.join(parts)} is no table; write it as source.table.", node)
        else:
            end = start + len(found[0].encode())
            self.references.append(Reference(parts, start, end, str(node["alias"]), self.orders.get(id(node), ())))
            self.mentioned.append(node)

    def problem(self, code: str, message: str, node: Mapping[str, Any], hint: str | None = None) -> None:
        at = node.get("query_location", NOWHERE)
        self.problems.append(Problem(code, message, place(self.text, 0 if at == NOWHERE else int(at)), hint=hint))

    def narrowed(self) -> tuple[Reference, ...]:
        """The references, with the names that their columns may be meant by."""
        named = zip(self.references, self.mentioned, strict=True)
        return tuple(replace(one, columns=self.mentions.of(node, one.name)) for one, node in named)

    def shortened(self) -> list[Edit]:
        """`files.flights.carrier` means the carrier of the table written as files.flights."""
        paths = {tuple(part.lower() for part in one.parts) for one in self.references if not one.alias}
        edits = []
        for node in self.columns:
            names = tuple(str(name).lower() for name in node["column_names"])
            for size in (3, 2):
                if len(names) > size and names[:size] in paths:
                    start = int(node["query_location"])
                    written = re.compile(rf"(?:{_PART}\s*\.\s*){{{size - 1}}}")
                    prefix = written.match(self.text, self.letters.letter(start))
                    if prefix:
                        edits.append(Edit(start, start + len(prefix[0].encode()), ""))
                    break
        return edits
