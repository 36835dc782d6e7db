"""Which scan may leave out rows by the values that another holds: equalities of the statement, read from its scopes.

An edge is legal if no row that it drops can be part of the result, nor change it:

- `x.a = y.b` in WHERE or in the ON of an inner join: each side may receive from the other. In the ON of a LEFT JOIN only
  the right side receives. `IN (SELECT ...)` that must hold is such an equality, and so is `EXISTS`, unless its subquery
  aggregates: over no rows it has one.
- a correlated equality, wherever the subquery stands: inner rows that no outer row asks for do not matter. What the outer
  column must equal in every row that is left of the outer joins tells it as well.
- A receiver is found through derived tables, each branch of a UNION, and GROUP BY if the column is a plain key of it;
  never through LIMIT, windows, DISTINCT ON, an aggregate over all rows, the null side of an outer join, UNION BY NAME, or
  a CTE that is used twice. A provider is found through anything but set operations: its values are then more than there
  are, never fewer.

What is written in a way that is not listed here has no edges. Semi-joins of this kind: Bernstein and Chiu, "Using
semi-joins to solve relational queries", JACM 28 (1981).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from lapwing.sources.base import Column
from lapwing.sources.types import family
from lapwing.sql.reduce.keys import WRITTEN

# Anywhere in a statement these make the reading below unsure.
_UNSURE = (exp.Lateral, exp.TableSample, exp.Pivot, exp.MatchRecognize, exp.Connect, exp.Command)
_JOIN_PARTS = frozenset({"this", "on", "side", "kind"})


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """Rows of the table mentioned as number `receiver` whose `column` (an index) is none of the values that number `provider`
    has in its column `provided` can't matter."""

    receiver: int
    column: int
    provider: int
    provided: int


def edges(
    text: str,
    tables: Mapping[str, tuple[int, tuple[Column, ...]]],
    meant: Mapping[str, tuple[Column, ...]] | None = None,
) -> tuple[Edge, ...]:
    """All edges of a statement, in order.

    Args:
        text: the statement, each mention of a table under a name of its own.
        tables: by those names the mention's number and the table's columns.
        meant: those of its columns that the statement may mean, where these are not all.
    """
    meant = meant or {}
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
        if any(tree.find(kind) for kind in _UNSURE) or any(
            one.args.get("recursive") for one in tree.find_all(exp.With)
        ):
            return ()
        if any(one.alias_column_names for one in tree.find_all(exp.Table)):
            return ()  # the library forgets that a table's columns have other names
        schema: dict[str, object] = {
            name: {column.name: column.type for column in meant.get(name, columns)}
            for name, (_, columns) in tables.items()
        }
        tree = qualify(tree, schema=schema, dialect="duckdb", quote_identifiers=False)
        return tuple(sorted(_Reading(tree, tables).found))
    except (sqlglot.errors.SqlglotError, AssertionError, RecursionError):
        return ()  # what the library does not understand, or did not expect, is only read whole


class _Reading:
    def __init__(self, tree: exp.Expr, tables: Mapping[str, tuple[int, tuple[Column, ...]]]) -> None:
        self.found: set[Edge] = set()
        self._tables = tables
        self._scopes = traverse_scope(tree)
        self._uses = Counter(
            id(source.expression)
            for scope in self._scopes
            for name, _ in scope.references  # those of semi-joins among them
            if isinstance(source := scope.sources.get(name), Scope)
        )
        for scope in self._scopes:
            if all(map(_plain, _joins(scope.expression))):
                self._select(scope, scope.expression)

    # -- equalities

    def _select(self, scope: Scope, select: exp.Expr) -> None:
        for part in _sure(select):
            if pair := _equal_columns(part):
                if not all(one.table in scope.selected_sources for one in pair):
                    self._correlated(scope, select, *pair)
            elif member := _membership(part):
                self._contained(scope, *member)
        for one, other in _alike(scope, select).pairs():
            self._link(scope, one, scope, other)
        for join in _joins(select):
            self._right(scope, join)

    def _correlated(self, scope: Scope, select: exp.Expr, left: exp.Column, right: exp.Column) -> None:
        inner, outer = (left, right) if left.table in scope.selected_sources else (right, left)
        above = scope.parent
        if above is None or inner.table not in scope.selected_sources or outer.table not in above.selected_sources:
            return
        query = above.expression
        if not all(map(_plain, _joins(query))):
            self._link(scope, inner, above, outer)
            return
        for known in _alike(above, query).of(outer):
            self._link(scope, inner, above, known)
        if not _aggregates(select) and any(select.parent is one for one in conjuncts(_where(query))):
            self._link(above, outer, scope, inner)

    def _contained(self, scope: Scope, column: exp.Column, query: exp.Expr) -> None:
        below = next((one for one in scope.subquery_scopes if one.expression is query), None)
        if below is None or not isinstance(query, exp.Query) or column.table not in scope.selected_sources:
            return
        name = query.named_selects[0]
        self._add(self._origins(scope, column, receives=True), self._through(below, name, receives=False))
        self._add(self._through(below, name, receives=True), self._origins(scope, column, receives=False))

    def _right(self, scope: Scope, join: exp.Join) -> None:
        """The right side of a join, whatever becomes of the left."""
        right = join.this.alias_or_name
        for part in conjuncts(join.args.get("on")):
            for one, other in (pair, pair[::-1]) if (pair := _equal_columns(part)) else ():
                if one.table == right and other.table in scope.selected_sources:
                    self._link(scope, one, scope, other)

    def _link(self, scope: Scope, column: exp.Column, other: Scope, provided: exp.Column) -> None:
        receivers = self._origins(scope, column, receives=True)
        self._add(receivers, self._origins(other, provided, receives=False))

    def _add(self, receivers: list[tuple[str, str]], providers: list[tuple[str, str]]) -> None:
        for table, column in receivers:
            for other, provided in providers:
                one, two = self._column(table, column), self._column(other, provided)
                if table != other and one is not None and two is not None and _comparable(one[1], two[1]):
                    self.found.add(Edge(self._tables[table][0], one[0], self._tables[other][0], two[0]))

    def _column(self, table: str, name: str) -> tuple[int, Column] | None:
        columns = self._tables[table][1]
        same = [index for index, column in enumerate(columns) if column.name.lower() == name.lower()]
        return (same[0], columns[same[0]]) if len(same) == 1 else None

    # -- where a column's values come from: pairs of a table's name and its column

    def _origins(self, scope: Scope, column: exp.Column, *, receives: bool) -> list[tuple[str, str]]:
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            return [(source.name, column.name)] if source.name in self._tables else []
        return self._through(source, column.name, receives=receives) if isinstance(source, Scope) else []

    def _through(self, scope: Scope, name: str, *, receives: bool) -> list[tuple[str, str]]:
        query = scope.expression
        if receives and (self._uses[id(query)] > 1 or _limited(query)):
            return []
        if isinstance(query, exp.SetOperation):
            unsure = isinstance(query, exp.Except) or query.args.get("by_name") or name not in query.named_selects
            if not receives or unsure:
                return []
            at = query.named_selects.index(name)
            branches = [(one, one.expression) for one in scope.set_operation_scopes]
            return [
                found
                for branch, part in branches
                if isinstance(part, exp.Query) and at < len(part.named_selects)
                for found in self._through(branch, part.named_selects[at], receives=True)
            ]
        if not isinstance(query, exp.Select):
            return []
        output = next((one.unalias() for one in query.selects if one.alias_or_name == name), None)
        if not isinstance(output, exp.Column) or (receives and not _receives(query, output)):
            return []
        return self._origins(scope, output, receives=receives)


class _Alike:
    """Columns of one scope that must be equal, in classes."""

    def __init__(self) -> None:
        self._classes: list[list[exp.Column]] = []

    def join(self, one: exp.Column, other: exp.Column) -> None:
        met = [known for known in self._classes if one in known or other in known]
        self._classes = [known for known in self._classes if not any(known is old for old in met)]
        self._classes.append(list({column: None for known in (*met, [one, other]) for column in known}))

    def of(self, column: exp.Column) -> list[exp.Column]:
        """The class of a column, itself among them."""
        return next((known for known in self._classes if column in known), [column])

    def pairs(self) -> Iterator[tuple[exp.Column, exp.Column]]:
        for known in self._classes:
            yield from permutations(known, 2)


def _alike(scope: Scope, select: exp.Expr) -> _Alike:
    """The columns of its tables that are equal in every row which is left of its joins."""
    found = _Alike()
    for part in _sure(select):
        pair = _equal_columns(part)
        if pair and all(one.table in scope.selected_sources for one in pair):
            found.join(*pair)
    return found


def _sure(select: exp.Expr) -> list[exp.Expr]:
    """The conditions that hold in every row which is left of its joins."""
    joined = (part for join in _joins(select) if not join.side for part in conjuncts(join.args.get("on")))
    return [*conjuncts(_where(select)), *joined]


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that must all hold."""
    if node is None:
        return []
    node = node.unnest()
    if isinstance(node, exp.And):
        return [part for side in (node.left, node.right) for part in conjuncts(side)]
    return [node]


def _where(select: exp.Expr) -> exp.Expr | None:
    where = select.args.get("where")
    return None if where is None else where.this


def _joins(select: exp.Expr) -> list[exp.Join]:
    return select.args.get("joins") or []


def _plain(join: exp.Join) -> bool:
    said = {key for key, value in join.args.items() if value}
    return said <= _JOIN_PARTS and join.side in ("", "LEFT") and join.kind in ("", "INNER", "CROSS", "OUTER")


def _membership(part: exp.Expr) -> tuple[exp.Column, exp.Expr] | None:
    """The column and the query of `x IN (SELECT ...)`, which the engine writes as `x = ANY(SELECT ...)`."""
    query = part.args.get("query")
    if isinstance(part, exp.EQ) and isinstance(part.expression, exp.Any):
        query = part.expression.this
    column = part.this
    return (column, query.unnest()) if query is not None and isinstance(column, exp.Column) else None


def _equal_columns(node: exp.Expr) -> tuple[exp.Column, exp.Column] | None:
    if isinstance(node, exp.EQ) and isinstance(node.left, exp.Column) and isinstance(node.right, exp.Column):
        return node.left, node.right
    return None


def _limited(query: exp.Expr) -> bool:
    """Whether a query gives some of its rows; what stands around brackets is of these."""
    own = query.args.get("limit") or query.args.get("offset")
    return bool(own) or (isinstance(query.parent, exp.Subquery) and _limited(query.parent))


def _aggregates(select: exp.Expr) -> bool:
    """Whether it may have a row of no rows; any function may be an aggregate."""
    said = select.args.get("group") or select.args.get("having")
    return bool(said) or any(one.find(exp.Func) for one in select.expressions)


def _receives(query: exp.Select, output: exp.Column) -> bool:
    """Whether rows below may be left out by their value of `output`."""
    distinct, group = query.args.get("distinct"), query.args.get("group")
    if query.find(exp.Window) or (distinct is not None and distinct.args.get("on")):
        return False
    if group is not None and output not in group.expressions:
        return False  # without groups there is no aggregate either, with which no plain column stands
    joins = _joins(query)
    return all(map(_plain, joins)) and not any(
        join.side == "LEFT" and join.this.alias_or_name == output.table for join in joins
    )


def _comparable(one: Column, other: Column) -> bool:
    """Whether equal values of both columns are written alike."""
    kind = family(one.type)
    return kind in WRITTEN and kind is family(other.type)
