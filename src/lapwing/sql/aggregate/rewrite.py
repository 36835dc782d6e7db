"""Takes the parts of a SELECT that its groups are made by from its syntax tree, as text, and puts the groups into it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapwing.sources.quote import text as text_literal
from lapwing.sql.aggregate.leaves import Node, conjuncts
from lapwing.sql.aggregate.tree import Grouped, Name
from lapwing.sql.ask import conditions
from lapwing.sql.bind import Occurrence, stub_relation

if TYPE_CHECKING:
    from lapwing.sources.engine import Cursor
    from lapwing.sql.aggregate.block import Block, Call


def tree_of(text: str, cursor: Cursor) -> Node:
    """The engine's syntax tree of a statement."""
    answer = json.loads(cursor.table(f"SELECT json_serialize_sql({text_literal(text)}) AS tree")["tree"][0].as_py())
    found: Node = answer
    return found


_TEMPLATE: list[Node] = []


def _template(cursor: Cursor) -> Node:
    """The tree of a SELECT of one thing, which the engine is asked for once. Not to be changed."""
    if not _TEMPLATE:
        _TEMPLATE.append(tree_of("SELECT 1", cursor))
    return _TEMPLATE[0]


def texts_of(trees: Sequence[Node], cursor: Cursor) -> list[str]:
    """The statements that trees are of."""
    listed = ", ".join(f"json_deserialize_sql({text_literal(json.dumps(tree))}::JSON)" for tree in trees)
    return [str(one) for one in cursor.table(f"SELECT unnest([{listed}]) AS text")["text"].to_pylist()]


def expressions(nodes: Sequence[Node], columns: Mapping[int, Sequence[str]], cursor: Cursor) -> list[str]:
    """The expressions that nodes are of, with every column as `columns` calls it, by its node's id."""
    if not nodes:
        return []
    selecting = [_selecting(_template(cursor), _qualified(node, columns)) for node in nodes]
    return [text.removeprefix("SELECT ") for text in texts_of(selecting, cursor)]


@dataclass(frozen=True, slots=True)
class Written:
    """SQL of the engine, its columns `stub.column`: the aggregates, and by their nodes' ids the conditions. Of a condition on
    one table that the engine has worked out there are its parts, with the raw names of that table's stub. `made` are the
    types of keys that are made of columns."""

    calls: tuple[Call, ...]
    conditions: Mapping[int, str]
    folded: Mapping[int, tuple[str, ...]]
    made: Mapping[Name, str]


def written(found: Grouped, occurrences: Mapping[str, Occurrence], cursor: Cursor) -> Written:
    """The aggregates and conditions of a SELECT as text. `occurrences`: its tables, by their stubs' names."""
    from lapwing.sql.aggregate.block import Call

    arguments = [call["arguments"][0]["expression"] if call["arguments"] else None for call in found.calls]
    asked = [node for pair in zip(arguments, (call["filter"] for call in found.calls), strict=True) for node in pair]
    asked += [made.node for made in found.made.values()]
    wanted = [node for node in (*asked, *found.conditions) if node is not None]
    known = iter(expressions(wanted, found.columns, cursor))
    parts = [None if node is None else next(known) for node in asked]
    held = {id(node): text for node, text in zip(found.conditions, known, strict=True)}
    tables = ", ".join(f"{stub_relation(occurrences[stub])} AS {stub}" for stub in found.stubs)
    types: list[object] = []
    if any(parts):
        described = cursor.table(f"DESCRIBE SELECT {', '.join(text or '1' for text in parts)} FROM {tables}")
        types = described["column_type"].to_pylist()
    calls = tuple(
        Call(call["function_name"].lower(), parts[2 * at], str(types[2 * at]) if parts[2 * at] else None,
             parts[2 * at + 1])
        for at, call in enumerate(found.calls)
    )  # fmt: skip
    made = {name: str(types[at]) for at, name in enumerate(found.made, 2 * len(found.calls))}
    return Written(calls, held, _folded(found, occurrences, cursor), made)


def _folded(found: Grouped, occurrences: Mapping[str, Occurrence], cursor: Cursor) -> dict[int, tuple[str, ...]]:
    """What the engine makes of each condition on one table: its constants are worked out."""
    own: dict[int, Occurrence] = {}
    raws: dict[int, tuple[str]] = {}
    for node in found.conditions:
        refs = _columns(node, found)
        tables = {stub for stub, _ in refs.values()}
        if len(tables) != 1:
            continue
        one = occurrences[tables.pop()]
        names = one.carried({name for _, name in refs.values()})
        if names is not None:
            own[id(node)] = one
            raws |= {key: (names[name],) for key, (_, name) in refs.items()}
    texts = expressions([node for node in found.conditions if id(node) in own], raws, cursor)
    made = conditions(list(zip(own.values(), texts, strict=True)), cursor) if own else None
    return {} if made is None else dict(zip(own, made, strict=True))


def _columns(node: object, found: Grouped) -> dict[int, Name]:
    """What each reference below a node means, by its id."""
    if isinstance(node, list):
        return {key: name for one in node for key, name in _columns(one, found).items()}
    if not isinstance(node, dict):
        return {}
    own = {id(node): found.columns[id(node)]} if node.get("class") == "COLUMN_REF" else {}
    return own | {key: name for one in node.values() for key, name in _columns(one, found).items()}


def _selecting(template: Node, node: Node) -> Node:
    copy = deepcopy(template)
    copy["statements"][0]["node"]["select_list"] = [node]
    return copy


def _qualified(node: Node, columns: Mapping[int, Sequence[str]]) -> Node:
    """The expression with every column as `table.column`."""

    def copied(part: object) -> object:
        if isinstance(part, list):
            return [copied(one) for one in part]
        if not isinstance(part, dict):
            return part
        copy = {key: copied(one) for key, one in part.items()} | ({"alias": ""} if "class" in part else {})
        return copy | {"column_names": list(columns[id(part)])} if part.get("class") == "COLUMN_REF" else copy

    made = copied(node)
    assert isinstance(made, dict)
    return made


def put(found: Grouped, made: Block, cursor: Cursor) -> None:
    """Changes the SELECT in the tree to one over the block."""
    node = found.node
    _name(found, cursor)
    _refer(found, made, cursor)
    if found.calls:
        values = [one.whole if found.alone else one.again for one in made.calls]
        made_of = tree_of(f"SELECT {', '.join(values)}", cursor)["statements"][0]["node"]["select_list"]
        for call, value in zip(found.calls, made_of, strict=True):
            alias = call["alias"]
            call.clear()
            call.update(value, alias=alias)
    _keep(found, cursor)
    if found.alone:
        node["having"], node["group_expressions"], node["group_sets"] = None, [], []
    if len(found.stubs) > 1:
        (leaf,) = (one for one in found.parts.leaves if one.stub == found.stubs[0])
        node["from_table"] = leaf.node | {"alias": ""}


def _refer(found: Grouped, made: Block, cursor: Cursor) -> None:
    """Makes what is used outside of aggregates columns of the block."""
    several = len(found.stubs) > 1
    leaf = next(one.name for one in found.parts.leaves if one.stub == found.stubs[0])
    plain = tree_of("SELECT a", cursor)["statements"][0]["node"]["select_list"][0] if found.made else {}
    for node, name in found.used:
        if name in found.made:
            alias = node["alias"]
            node.clear()
            node.update(deepcopy(plain), alias=alias)
        if several or name in found.made:
            node["column_names"] = [found.stubs[0] if several else leaf, made.keys[name]]


def _name(found: Grouped, cursor: Cursor) -> None:
    """Gives what is selected the name that it would lose."""
    listed = found.node["select_list"]
    columns = [] if len(found.stubs) == 1 else [item for item in listed if item["class"] == "COLUMN_REF"]
    for item in columns:
        item["alias"] = item["alias"] or item["column_names"][-1]
    unnamed = [item for item in listed if not item.get("alias") and item["class"] != "COLUMN_REF"]
    if unnamed:
        texts = texts_of([_selecting(_template(cursor), item) for item in unnamed], cursor)
        for item, text in zip(unnamed, texts, strict=True):
            item["alias"] = text.removeprefix("SELECT ")


def _keep(found: Grouped, cursor: Cursor) -> None:
    """Leaves only those conditions in the SELECT that did not make the groups."""
    node, gone = found.node, {id(condition) for condition in found.conditions}
    true, both = (
        tree_of(f"SELECT {text}", cursor)["statements"][0]["node"]["select_list"][0]
        for text in ("true", "true AND true")
    )

    def all_of(conditions: list[Node]) -> Node | None:
        left = [one for one in conditions if id(one) not in gone]
        return left[0] if len(left) == 1 else both | {"children": left} if left else None

    where = conjuncts(node["where_clause"])
    for join, listed in zip(found.parts.joins, found.parts.conditions, strict=True):
        if len(found.stubs) > 1:
            where += listed
        elif join["condition"]:
            join["condition"] = all_of(list(listed)) or true
    node["where_clause"] = all_of([*where, *(conjuncts(node["having"]) if found.alone else [])])
