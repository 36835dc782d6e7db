"""Reads the aggregates of a SELECT from its syntax tree, and writes what is made of them into it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from lapwing.sources.quote import text as text_literal
from lapwing.sql.aggregate.tree import Grouped, Node
from lapwing.sql.bind import Occurrence, stub_relation

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor
    from lapwing.sql.aggregate.block import Block, Call


def tree_of(text: str, cursor: Cursor) -> Node:
    """The engine's syntax tree of a statement."""
    answer = json.loads(cursor.table(f"SELECT json_serialize_sql({text_literal(text)}) AS tree")["tree"][0].as_py())
    found: Node = answer
    return found


def texts_of(trees: Sequence[Node], cursor: Cursor) -> list[str]:
    """The statements that trees are of."""
    listed = ", ".join(f"json_deserialize_sql({text_literal(json.dumps(tree))}::JSON)" for tree in trees)
    return [str(one) for one in cursor.table(f"SELECT unnest([{listed}]) AS text")["text"].to_pylist()]


def calls(found: Grouped, one: Occurrence, cursor: Cursor) -> list[Call]:
    """The aggregates with their arguments as text and type."""
    from lapwing.sql.aggregate.block import Call

    arguments = [call["arguments"][0]["expression"] if call["arguments"] else None for call in found.calls]
    asked = [node for pair in zip(arguments, (call["filter"] for call in found.calls), strict=True) for node in pair]
    wanted = [node for node in asked if node is not None]
    if not wanted:
        return [Call(call["function_name"].lower(), None, None, None) for call in found.calls]
    template = tree_of(f"SELECT 1 FROM {one.stub}", cursor)
    texts = iter(texts_of([_selecting(template, _qualified(node, one)) for node in wanted], cursor))
    begin, end = "SELECT ", f" FROM {one.stub}"
    written = [None if node is None else next(texts).removeprefix(begin).removesuffix(end) for node in asked]
    known = [text or "1" for text in written]
    described = cursor.table(f"DESCRIBE SELECT {', '.join(known)} FROM {stub_relation(one)} AS {one.stub}")
    types = described["column_type"].to_pylist()
    return [
        Call(call["function_name"].lower(), written[2 * at], str(types[2 * at]) if written[2 * at] else None,
             written[2 * at + 1])
        for at, call in enumerate(found.calls)
    ]  # fmt: skip


def _selecting(template: Node, node: Node) -> Node:
    copy = deepcopy(template)
    copy["statements"][0]["node"]["select_list"] = [node]
    return copy


def _qualified(node: object, one: Occurrence) -> Node:
    """The expression with every column as `stub.column`."""
    copy = deepcopy(node)

    def visit(part: object) -> None:
        if isinstance(part, dict):
            if part.get("class") == "COLUMN_REF":
                part["column_names"] = [one.stub, part["column_names"][-1]]
            part |= {"alias": ""} if "class" in part else {}
        for child in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            visit(child)

    visit(copy)
    assert isinstance(copy, dict)
    return copy


def put(found: Grouped, made: Block, cursor: Cursor) -> None:
    """Changes the SELECT in the tree to one over the block."""
    node = found.node
    unnamed = [item for item in node["select_list"] if not item.get("alias") and item["class"] != "COLUMN_REF"]
    if unnamed:
        template = tree_of("SELECT 1", cursor)
        for item, text in zip(unnamed, texts_of([_selecting(template, item) for item in unnamed], cursor), strict=True):
            item["alias"] = text.removeprefix("SELECT ")
    if found.calls:
        values = [one.whole if found.alone else one.again for one in made.calls]
        made_of = tree_of(f"SELECT {', '.join(values)}", cursor)["statements"][0]["node"]["select_list"]
        for call, value in zip(found.calls, made_of, strict=True):
            alias = call["alias"]
            call.clear()
            call.update(value, alias=alias)
    node["where_clause"] = node["having"] if found.alone else None
    if found.alone:
        node["having"], node["group_expressions"], node["group_sets"] = None, [], []
