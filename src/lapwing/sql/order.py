"""What a SELECT over one table orders its rows by, where these are columns: read from the engine's syntax tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrderKey:
    """A column, in small letters, as the statement calls it; nulls come first or last. `whole`: as a HUGEINT, of which integers
    alone have the same order."""

    column: str
    descending: bool
    nulls_first: bool
    whole: bool = False


def order_of(select: Node) -> tuple[OrderKey, ...]:
    """The keys of a SELECT that is over one table and has a LIMIT of its own; () where they are not all columns, or the SELECT
    gives columns other names without saying each."""
    kinds = {one["type"]: one for one in select["modifiers"]}
    if not {"ORDER_MODIFIER", "LIMIT_MODIFIER"} <= set(kinds):
        return ()
    if select["from_table"]["column_name_alias"] or not all(
        _is_plain_star(one) for one in _stars(select["select_list"])
    ):
        return ()
    keys = [_key(one, select) for one in kinds["ORDER_MODIFIER"]["orders"]]
    return tuple(key for key in keys if key is not None) if all(keys) else ()


def _key(order: Node, select: Node) -> OrderKey | None:
    node = _meant(order["expression"], select)
    whole = node["class"] == "CAST" and str(node["type_expr"].get("type_name")).lower() == "hugeint"
    column = _column(node["child"] if whole else node, select)
    if column is None or order["type"] not in ("ORDER_DEFAULT", "ASCENDING", "DESCENDING"):
        return None
    nulls_first = order["null_order"] not in ("ORDER_DEFAULT", "NULLS LAST")
    return OrderKey(column, order["type"] == "DESCENDING", nulls_first, whole)


def _meant(node: Node, select: Node) -> Node:
    """What a place or a name in the list stands for; a name of the list comes before one of the table."""
    listed = select["select_list"]
    if node["class"] == "CONSTANT":
        place = str(node.get("literal", {}).get("text", ""))
        known = place.isdigit() and 0 < int(place) <= len(listed) and not any(_stars(listed))
        found: Node = listed[int(place) - 1] if known else node
        return found
    if node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1:
        named = [one for one in listed if str(one.get("alias", "")).lower() == str(node["column_names"][0]).lower()]
        return named[0] if named else node
    return node


def _stars(node: object) -> Iterator[Node]:
    """`*` and COLUMNS, wherever they are in it."""
    if isinstance(node, list):
        yield from chain.from_iterable(map(_stars, node))
    elif isinstance(node, dict):
        if node.get("class") == "STAR":
            yield node
        yield from _stars(list(node.values()))


def _is_plain_star(star: Node) -> bool:
    """Whether each column has its own name and value; some may be left out."""
    return not (star["columns"] or star["replace_list"] or star["rename_list"])


def _column(node: Node, select: Node) -> str | None:
    if node["class"] != "COLUMN_REF":
        return None
    names = [str(one).lower() for one in node["column_names"]]
    source = select["from_table"]
    if len(names) == 2 and names[0] == str(source["alias"] or source["qualified_name"]["path"][-1]).lower():
        names = names[1:]
    return names[0] if len(names) == 1 else None
