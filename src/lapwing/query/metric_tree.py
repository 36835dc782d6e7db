"""Small readings of a SELECT's tree over `metrics.<dataset>`: its own nodes, its names, and where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from lapwing.model.dataset import Dataset
from lapwing.model.problem import Place

if TYPE_CHECKING:
    from sqlglot import exp

_PLAIN: Final = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
CLAUSES: Final = ("expressions", "where", "group", "having", "order", "qualify", "windows", "distinct")


def own(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and what is below it, without what is inside of SELECTs there."""
    from sqlglot import exp

    for one in node.walk(prune=lambda below: isinstance(below, exp.Query)):
        if not isinstance(one, exp.Query):
            yield one


def nodes(select: exp.Select, clauses: Iterable[str] = CLAUSES) -> Iterator[exp.Expr]:
    """What is written in each clause."""
    for clause in clauses:
        found = select.args.get(clause)
        yield from found if isinstance(found, list) else [found] if found else []


def columns(node: exp.Expr) -> list[exp.Column]:
    """The columns that are named in it, without those of SELECTs inside."""
    from sqlglot import exp

    return [one for one in own(node) if isinstance(one, exp.Column)]


def settle_names(select: exp.Select, dataset: Dataset, name: str) -> None:
    """Columns are called as the dataset calls them, without the table's name (`name`) before it. Letters' case does not
    count, as nowhere in SQL here."""
    from sqlglot import exp

    known = [dataset.time.column, "time", *dataset.dimensions, *dataset.metrics]
    exact, lower = set(known), {one.lower(): one for one in reversed(known)}
    for clause in nodes(select):
        for column in columns(clause):
            if not isinstance(column.this, exp.Identifier):
                continue
            if column.table.lower() == name.lower() and column.db.lower() in ("", "metrics") and not column.catalog:
                column.set("db", None)
                column.set("table", None)
            if column.table:
                continue
            called = column.name if column.name in exact else lower.get(column.name.lower())
            if called is not None:
                column.this.set("this", called)
                column.this.set("quoted", True)


def as_written(node: exp.Expr) -> str:
    """Its SQL with names in no more quotes than they need."""
    from sqlglot import exp

    shown = node.copy()
    for name in shown.find_all(exp.Identifier):
        name.set("quoted", not _PLAIN.fullmatch(name.name))
    return shown.sql(dialect="duckdb")


class Written:
    """The statement as it was written, to tell where its parts are."""

    def __init__(self, text: str) -> None:
        self._text = text

    def place(self, node: exp.Expr) -> Place | None:
        """Where the first name in `node` begins, if it has any."""
        for part in node.walk():
            if "start" in part.meta:
                before = self._text[: part.meta["start"]]
                return Place(line=before.count("\n") + 1, column=len(before) - (before.rfind("\n") + 1) + 1)
        return None
