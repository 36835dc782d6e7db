"""Queries of Lapwing's SQL as another engine's: SELECT with all its clauses, CTEs, joins and set operations, of
expressions that mean the same (see `expressions`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlglot import exp

from lapwing.sources.base import Family
from lapwing.sql.capability import No
from lapwing.sql.whole.expressions import Expressions
from lapwing.sql.whole.speech import Speech
from lapwing.sql.whole.values import Scope, Value, kind_of

_SELECT: Final = frozenset(
    {"with_", "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct"}
)
_SET: Final = frozenset({"with_", "this", "expression", "distinct", "order", "limit", "offset"})
_SETS: Final = (exp.Union, exp.Intersect, exp.Except)
_JOIN: Final = frozenset({"this", "side", "kind", "on"})
_AGGREGATES: Final = (exp.AggFunc, exp.Window)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table there: its text in a FROM, its columns by their names (None: not the same there)."""

    sql: str
    columns: Mapping[str, Value | None]


class Queries:
    """Writes queries over `tables`, by the names that the statement has for them; see `Expressions`."""

    def __init__(self, speech: Speech, zone: str, tables: Mapping[str, Relation]) -> None:
        self._speech, self._zone, self._tables = speech, zone, tables

    def query(
        self,
        node: exp.Expr,
        scopes: Sequence[Scope] = (),
        ctes: Mapping[str, Relation] | None = None,
        casts: Sequence[tuple[str, str]] | None = None,
    ) -> tuple[str, list[tuple[str, Value]]]:
        """The text, and the columns of the result. `casts`: of the outermost, the name that each column gets and the text
        around its value, with `{}` for it.

        Raises:
            No: the other engine would or might answer otherwise.
        """
        if isinstance(node, exp.Subquery) and not {k for k, v in node.args.items() if v} - {"this"}:
            node = node.this
        known = dict(ctes or {})
        begin = self._ctes(node.args.get("with_"), scopes, known)
        if isinstance(node, exp.Select):
            text, columns = self._select(node, scopes, known, casts)
        elif type(node) in _SETS:
            text, columns = self._set(node, scopes, known, casts)
        else:
            raise No(f"{kind_of(node)} is not written for it")
        return begin + text, columns

    def _ctes(self, node: exp.Expr | None, scopes: Sequence[Scope], known: dict[str, Relation]) -> str:
        if node is None:
            return ""
        if node.args.get("recursive"):
            raise No("a recursive query is not written for it")
        texts = []
        for cte in node.expressions:
            alias = cte.args["alias"]
            if cte.args.get("materialized"):
                raise No("a CTE of this kind is not written for it")
            text, columns = self.query(cte.this, scopes, known)
            known[alias.name] = Relation(self._speech.alias(alias.name), _named(columns))
            texts.append(f"{self._speech.alias(alias.name)} AS ({text})")
        return f"WITH {', '.join(texts)} "

    def _select(
        self,
        node: exp.Select,
        scopes: Sequence[Scope],
        ctes: Mapping[str, Relation],
        casts: Sequence[tuple[str, str]] | None,
    ) -> tuple[str, list[tuple[str, Value]]]:
        hidden = {key for key, value in node.args.items() if value} - _SELECT
        source = node.args.get("from_")
        if hidden or source is None:
            raise No(f"SELECT with {', '.join(sorted(hidden)) or 'no FROM'} is not written for it")
        scope: dict[str, Mapping[str, Value | None]] = {}
        inner = [*scopes, scope]
        write = Expressions(self._speech, self._zone, inner, lambda query: _valued(self.query(query, inner, ctes)))
        parts = [f" FROM {self._relation(source.this, scope, scopes, ctes)}"]
        parts += [self._join(join, scope, scopes, ctes, write) for join in node.args.get("joins") or ()]
        if where := node.args.get("where"):
            parts.append(f" WHERE {write.condition(where.this)}")
        outputs = [self._output(one, write) for one in node.expressions]
        if len({name for name, _ in outputs}) != len(outputs) and casts is None:
            raise No("columns of one name are not written for it")
        parts.append(self._grouped(node, write))
        if having := node.args.get("having"):
            parts.append(f" HAVING {write.condition(having.this)}")
        distinct = node.args.get("distinct")
        if distinct is not None and (
            distinct.args.get("on") or any(value.family is Family.FLOAT for _, value in outputs)
        ):
            raise No("DISTINCT of this kind is not written for it")
        parts.append(self._end(node, write, outputs, casts, by_text=distinct is None))
        texts = [value.sql for _, value in outputs]
        names = [name for name, _ in outputs]
        if casts is not None:
            names = [name for name, _ in casts]
            texts = [around.format(text) for (_, around), text in zip(casts, texts, strict=True)]
        listed = ", ".join(f"{text} AS {self._speech.alias(name)}" for text, name in zip(texts, names, strict=True))
        return f"SELECT {'DISTINCT ' if distinct is not None else ''}{listed}{''.join(parts)}", [
            (name, Value("", value.family, value.scale, value.numbers)) for name, value in outputs
        ]

    def _output(self, node: exp.Expr, write: Expressions) -> tuple[str, Value]:
        if isinstance(node, exp.Alias):
            return node.alias, write.value(node.this)
        return node.alias_or_name, write.value(node)

    def _grouped(self, node: exp.Select, write: Expressions) -> str:
        group = node.args.get("group")
        if group is None:
            return ""
        keys = list(group.expressions)
        if group.args.get("all"):
            items = [one.this if isinstance(one, exp.Alias) else one for one in node.expressions]
            keys = [one for one in items if one.find(*_AGGREGATES) is None]
        texts = [write.key(one).sql for one in keys if not isinstance(one, exp.Literal)]
        if len(texts) != len(keys):
            raise No("groups by a constant are not written for it")
        return f" GROUP BY {', '.join(texts)}" if texts else ""

    def _end(
        self,
        node: exp.Expr,
        write: Expressions,
        outputs: Sequence[tuple[str, Value]],
        casts: Sequence[tuple[str, str]] | None,
        *,
        by_text: bool,
    ) -> str:
        """ORDER BY, OFFSET and LIMIT. What is ordered by a column of the result is ordered by its own expression (`by_text`),
        or else by its place."""
        text = ""
        if order := node.args.get("order"):
            names = dict(outputs)
            texts = []
            for one in order.expressions:
                column = one.this.unnest()
                by = names.get(column.name) if isinstance(column, exp.Column) and not column.table else None
                if not by_text:
                    if by is None:
                        raise No("an order by what is not in the result is not written for it")
                    by = replace(by, sql=str([name for name, _ in outputs].index(column.name) + 1))
                texts.append(write.ordered(one, by=by))
            text += f" ORDER BY {', '.join(texts)}"
        bounds: dict[str, str] = {}
        for word in ("offset", "limit"):
            if (bound := node.args.get(word)) is not None:
                number = bound.expression
                share = bound.args.get("limit_options") is not None
                if share or not isinstance(number, exp.Literal) or not number.name.isdigit():
                    raise No(f"{word} by what is no number of rows is not written for it")
                bounds[word] = str(number.name)
        return text + self._speech.bounds(bounds.get("limit"), bounds.get("offset"))

    def _set(
        self,
        node: exp.Expr,
        scopes: Sequence[Scope],
        ctes: Mapping[str, Relation],
        casts: Sequence[tuple[str, str]] | None,
    ) -> tuple[str, list[tuple[str, Value]]]:
        if {key for key, value in node.args.items() if value} - _SET:
            raise No(f"{kind_of(node)} of this kind is not written for it")
        (left, columns), (right, others) = (self.query(side, scopes, ctes) for side in (node.this, node.expression))
        families = [(one.family, other.family) for (_, one), (_, other) in zip(columns, others, strict=True)]
        distinct = bool(node.args.get("distinct"))
        if any(one is not other or (distinct and one is Family.FLOAT) for one, other in families):
            raise No(f"{kind_of(node)} of several types is not written for it")
        merged = [
            (name, Value(self._speech.alias(name), one.family, one.scale if one.scale == other.scale else None))
            for (name, one), (_, other) in zip(columns, others, strict=True)
        ]
        both = f"({left}) {self._speech.together(type(node), distinct)} ({right})"
        end = self._end(node, Expressions(self._speech, self._zone, scopes, _none), merged, casts, by_text=True)
        names = casts or [(name, "{}") for name, _ in merged]
        listed = ", ".join(
            f"{around.format(value.sql)} AS {self._speech.alias(name)}"
            for (name, around), (_, value) in zip(names, merged, strict=True)
        )
        return f"SELECT {listed} FROM ({both}){end}", [
            (name, Value("", value.family, value.scale, value.numbers)) for name, value in merged
        ]

    # -- FROM

    def _relation(
        self,
        node: exp.Expr,
        scope: dict[str, Mapping[str, Value | None]],
        scopes: Sequence[Scope],
        ctes: Mapping[str, Relation],
    ) -> str:
        """A table, a CTE or a subquery, with its name in the statement, which becomes known."""
        hidden = {key for key, value in node.args.items() if value} - {"this", "alias"}
        alias = node.args.get("alias")
        if hidden or (alias is not None and alias.args.get("columns")):
            raise No(f"{kind_of(node)} of this kind in FROM is not written for it")
        name = node.alias_or_name
        if isinstance(node, exp.Table):
            found = ctes.get(node.name) or self._tables.get(node.name)
            if found is None:
                raise No(f"{node.name} is not written for it")
            text = found.sql
        elif isinstance(node, exp.Subquery):
            inner, columns = self.query(node.this, scopes, ctes)
            found, text = Relation("", _named(columns)), f"({inner})"
        else:
            raise No(f"{kind_of(node)} in FROM is not written for it")
        own = self._speech.alias(name)
        called = self._speech.alias if text != found.sql or node.name in ctes else self._speech.quote
        scope[name] = {
            column: None
            if value is None
            else Value(f"{own}.{called(column)}", value.family, value.scale, value.numbers)
            for column, value in found.columns.items()
        }
        return f"{text} AS {own}"

    def _join(
        self,
        node: exp.Join,
        scope: dict[str, Mapping[str, Value | None]],
        scopes: Sequence[Scope],
        ctes: Mapping[str, Relation],
        write: Expressions,
    ) -> str:
        side, kind, on = node.side, node.kind, node.args.get("on")
        plain = not {key for key, value in node.args.items() if value} - _JOIN
        if not plain or kind not in ("", "INNER", "CROSS", "OUTER"):
            raise No("a join of this kind is not written for it")
        table = self._relation(node.this, scope, scopes, ctes)
        if on is None:
            if side:
                raise No("an outer join without a condition is not written for it")
            return f" CROSS JOIN {table}"
        if side and self._speech.matched and not _matched(on, node.this.alias_or_name):
            raise No("an outer join without an equality of both sides is not written for it")
        return f" {side + ' ' if side else ''}JOIN {table} ON {write.condition(on)}"


def _matched(on: exp.Expr, joined: str) -> bool:
    """Whether one of the conditions that all must hold is an equality of the joined table with the others."""
    parts = [on.unnest()]
    while any(isinstance(one, exp.And) for one in parts):
        parts = [half for one in parts for half in (_halves(one) if isinstance(one, exp.And) else (one,))]
    for one in parts:
        if isinstance(one, exp.EQ):
            sides = [{column.table for column in side.find_all(exp.Column)} for side in _halves(one)]
            if {joined} in sides and any(side and joined not in side for side in sides):
                return True
    return False


def _halves(node: exp.Binary) -> tuple[exp.Expr, exp.Expr]:
    return node.this.unnest(), node.expression.unnest()


def _named(columns: Sequence[tuple[str, Value]]) -> dict[str, Value | None]:
    return dict(columns)


def _valued(made: tuple[str, list[tuple[str, Value]]]) -> tuple[str, list[Value]]:
    return made[0], [value for _, value in made[1]]


def _none(_: exp.Expr) -> tuple[str, list[Value]]:
    raise No("a subquery in an order is not written for it")
