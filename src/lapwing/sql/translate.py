"""A bound dataset in the SQL of the source that holds its rows, or why not.

Expressions are written by a person, so far more is refused here than pushed: only what is named below and in
`capability.py` means the same at the source, for the types its capability table lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import sqlglot
from sqlglot import exp

from lapwing.model.problem import LapwingError, Refused
from lapwing.sources.base import Capabilities, Column, Family, Operation, Source, Table
from lapwing.sql.bound import BoundDataset
from lapwing.sql.capability import No, Renderer, Value
from lapwing.sql.service import SqlService
from lapwing.states.argument import Kind, argument_of
from lapwing.states.dialects import dialect_of

_ARITHMETIC: Mapping[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}
_EXTREMES: Mapping[type[exp.Expr], str] = {exp.Greatest: ">=", exp.Least: "<="}
_WHOLE = frozenset({Family.INTEGER, Family.DECIMAL})
_NUMBERS = _WHOLE | {Family.FLOAT}
_KINDS: Mapping[Kind, frozenset[Family]] = {
    Kind.INTEGER: frozenset({Family.INTEGER}),
    Kind.DECIMAL: _WHOLE,
    Kind.FLOAT: _NUMBERS,
    Kind.TEXT: frozenset({Family.TEXT}),
    Kind.BOOLEAN: frozenset({Family.BOOLEAN}),
    Kind.DATE: frozenset({Family.DATE}),
    Kind.TIMESTAMP: frozenset({Family.TIMESTAMP}),
    Kind.TIMESTAMPTZ: frozenset({Family.TIMESTAMPTZ}),
}


def home_of(bound: BoundDataset, sql: SqlService) -> Source:
    """The one source that all rows of the dataset come from.

    Raises:
        Refused: there are several.
    """
    names = sorted({table.source for table in sql.tables(bound.dataset)})
    if len(names) != 1:
        where = ", ".join(names) if names else "no table"
        raise _refused(bound, f"its rows come from {where}, and one source must hold them all")
    return sql.catalog.source(names[0])


class Asked(Protocol):
    """Who is asked SQL of a dialect: a source, or an engine that has its tables."""

    @property
    def capabilities(self) -> Capabilities: ...

    def reference(self, table: Table) -> str: ...


def at_source(
    bound: BoundDataset,
    source: Asked,
    sql: SqlService,
    dimensions: Iterable[str],
    measures: Iterable[str],
    own: Table | None = None,
) -> BoundDataset:
    """The dataset with these dimensions and measures, every text in the source's dialect. `own` holds its own rows there, in
    the place of its table or its statement.

    Raises:
        Refused: a part that the source might answer otherwise; says which and why.
    """
    dataset = bound.dataset
    catalog = sql.catalog
    if own is None:
        if dataset.table is None:
            raise _refused(bound, "it is made by a statement in Lapwing's SQL")
        own = catalog.resolve(_parts(dataset.table))
    tables = {dataset.name: own}
    tables |= {join.name: catalog.resolve(_parts(join.table)) for join in dataset.joins.values()}
    writer = Writer(source.capabilities, tables)

    quote = dialect_of(source.capabilities.dialect).quote
    lines = [f"{source.reference(tables[dataset.name])} AS {quote(dataset.name)}"]
    for join in dataset.joins.values():
        with _told(bound, f"the join {join.name}"):
            pairs = [writer.equal(dataset.name, left, join.name, right) for left, right in join.on]
        lines.append(f"LEFT JOIN {source.reference(tables[join.name])} AS {quote(join.name)} ON {' AND '.join(pairs)}")
    with _told(bound, "its time"):
        time = writer.column(bound.time_column)
    expressions: dict[str, str] = {}
    for name in dimensions:
        with _told(bound, f"dimension {name}"):
            expressions[name] = writer.typed(bound.expressions[name], bound.dimensions[name])
    arguments: dict[str, str | None] = {}
    filters: dict[str, str | None] = {}
    for name in measures:
        argument, kind, kept = bound.argument_sql[name], bound.arguments[name], bound.filters[name]
        with _told(bound, f"measure {name}"):
            arguments[name] = None if argument is None or kind is None else writer.typed(argument, kind)
            filters[name] = None if kept is None else writer.filter(kept)
    return replace(
        bound,
        relation="\n  ".join(lines),
        time_column=time,
        expressions=expressions,
        argument_sql=arguments,
        filters=filters,
    )


class Writer(Renderer):
    """Writes expressions over the columns of several tables; in their trees a column is called `table.column`, in small
    letters."""

    def __init__(self, capabilities: Capabilities, tables: Mapping[str, Table]) -> None:
        engine = dialect_of(capabilities.dialect)
        self._paths: dict[str, str] = {}
        columns: dict[str, Column] = {}
        for name, table in tables.items():
            for column in table.columns:
                key = f"{name}.{column.name}".lower()
                columns[key] = column
                self._paths[key] = f"{engine.quote(name)}.{engine.quote(column.name)}"
        super().__init__(capabilities, columns)

    # -- the parts of a dataset

    def column(self, text: str) -> str:
        return self._column(_column_node(_tree(text))).sql

    def filter(self, text: str) -> str:
        return self.condition(_tree(text))

    def typed(self, text: str, engine_type: str) -> str:
        """An expression as a value of exactly this type of Lapwing's engine."""
        value, argument = self._value(_tree(text)), argument_of(engine_type)
        if value.family not in _KINDS.get(argument.kind, ()) or engine_type == "FLOAT" or argument.bits > 64:
            raise No(f"a value of {value.family.value} is no {engine_type} to {self._dialect}")
        match argument.kind:
            case Kind.INTEGER:
                return self._engine.integer(value.sql)
            case Kind.DECIMAL:
                return self._engine.decimal(value.sql, argument)
            case Kind.FLOAT:
                return self._engine.double(value.sql)
        return value.sql

    def equal(self, table: str, column: str, other_table: str, other: str) -> str:
        sides = [
            exp.column(exp.to_identifier(f"{t}.{c}".lower(), quoted=True))
            for t, c in ((table, column), (other_table, other))
        ]
        return self.condition(exp.EQ(this=sides[0], expression=sides[1]))

    # -- values

    def _written(self, node: exp.Column) -> str:
        return self._paths[node.name]

    def _column(self, node: exp.Column) -> Value:
        value = super()._column(node)
        return replace(value, sql=self._engine.double(self._written(node))) if value.family is Family.FLOAT else value

    def _value(self, node: exp.Expr) -> Value:
        node = node.unnest()
        if type(node) in _ARITHMETIC:
            return self._arithmetic(node)
        if type(node) in _EXTREMES:
            return self._extreme(node)
        if isinstance(node, exp.Coalesce):
            values, family = self._alike([node.this, *node.expressions])
            return Value(f"COALESCE({', '.join(values)})", family)
        if isinstance(node, (exp.Case, exp.If)):
            return self._case(node)
        if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
            return self._cast(node)
        if isinstance(node, exp.Neg) and not isinstance(node.this, exp.Literal):
            return self._numeric(node.this, lambda x: f"(0 - {x})")
        if isinstance(node, exp.Abs):
            return self._numeric(node.this, lambda x: f"ABS({x})")
        if isinstance(node, (exp.Literal, exp.Neg, exp.Boolean)):
            return self._constant(node, Value("", Family.INTEGER))
        if isinstance(node, (exp.Predicate, exp.Connector, exp.Not, exp.Between, exp.In, exp.Is, exp.StartsWith)):
            return Value(f"({self.condition(node)})", Family.BOOLEAN)
        return super()._value(node)

    def _numeric(self, node: exp.Expr, write: Callable[[str], str]) -> Value:
        value = self._value(node)
        self._may(Operation.ARITHMETIC, value.family)
        if value.family is Family.FLOAT:
            raise No("floats are reckoned with in the engine")
        return Value(write(self._wide(value)), value.family)

    def _arithmetic(self, node: exp.Expr) -> Value:
        values = [self._value(node.args["this"]), self._value(node.args["expression"])]
        for value in values:
            self._may(Operation.ARITHMETIC, value.family)
        one, other = values
        family = one.family if one.family is other.family else Family.DECIMAL
        if Family.FLOAT in (one.family, other.family):
            family = Family.FLOAT
            one, other = (replace(value, sql=self._engine.double(value.sql)) for value in values)
        return Value(f"({self._wide(one)} {_ARITHMETIC[type(node)]} {self._wide(other)})", family)

    def _extreme(self, node: exp.Expr) -> Value:
        """Null is no value here, as in Lapwing's SQL; to some engines it is the greatest and the least."""
        nodes = [node.this, *node.expressions]
        values, family = self._alike(nodes)
        if family not in _WHOLE | {Family.DATE}:
            raise No(f"the greatest and least {family.value} are found in the engine")
        found = values[0]
        for value in values[1:]:
            compared = f"{found} {_EXTREMES[type(node)]} {value}"
            found = f"CASE WHEN {found} IS NULL THEN {value} WHEN {value} IS NULL OR {compared} THEN {found} ELSE {value} END"
        return Value(f"({found})", family)

    def _case(self, node: exp.Expr) -> Value:
        if node.args.get("ifs") is None:  # if(a, b, c)
            branches, default = [node], node.args.get("false")
        elif node.this is None:
            branches, default = list(node.args["ifs"]), node.args.get("default")
        else:
            raise No("CASE with a value to compare is not translated")
        results = [branch.args["true"] for branch in branches]
        last = [] if default is None or isinstance(default, exp.Null) else [default]
        values, family = self._alike([*results, *last])
        whens = [
            f"WHEN {self.condition(branch.this)} THEN {value}" for branch, value in zip(branches, values, strict=False)
        ]
        return Value(f"(CASE {' '.join(whens)}{f' ELSE {values[-1]}' if last else ''} END)", family)

    def _cast(self, node: exp.Expr) -> Value:
        wanted = node.args["to"].sql("duckdb").upper().replace(" ", "")
        if wanted not in ("DOUBLE", "FLOAT8"):
            return super()._value(node)
        value = self._value(node.this)
        if value.family not in _NUMBERS:
            raise No(f"a cast of {value.family.value} to {wanted} is not translated")
        return Value(self._engine.double(value.sql), Family.FLOAT)

    def _alike(self, nodes: Iterable[exp.Expr]) -> tuple[list[str], Family]:
        """Values of one family, numbers as the widest of theirs."""
        values = [self._value(node) for node in nodes]
        families = {value.family for value in values}
        if len(families) == 1:
            return [value.sql for value in values], families.pop()
        if not families <= _NUMBERS:
            raise No(f"{' and '.join(sorted(families))} in one place are not translated")
        if Family.FLOAT in families:
            return [self._engine.double(value.sql) for value in values], Family.FLOAT
        return [value.sql for value in values], Family.DECIMAL

    def _wide(self, value: Value) -> str:
        """Integers as those of 64 bits: narrow ones would overflow where Lapwing's do not."""
        return self._engine.integer(value.sql) if value.family is Family.INTEGER else value.sql


def _tree(text: str) -> exp.Expr:
    """The expression with every column called `table.column`.

    Raises:
        No: it can't be read.
    """
    try:
        tree = sqlglot.parse_one(text, read="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise No("it is not understood") from error

    def flat(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.table and not node.args.get("db"):
            return exp.column(exp.to_identifier(f"{node.table}.{node.name}".lower(), quoted=True))
        return node

    return tree.transform(flat)


def _column_node(tree: exp.Expr) -> exp.Column:
    node = tree.unnest()
    if not isinstance(node, exp.Column):
        raise No("it is no column")
    return node


def _parts(written: str) -> tuple[str, ...]:
    return tuple(part.strip('"') for part in written.split("."))


@contextmanager
def _told(bound: BoundDataset, what: str) -> Iterator[None]:
    """A part that is not translated is a refusal that says which."""
    try:
        yield
    except No as why:
        raise _refused(bound, f"{what} is not translated, as {why}") from why
    except Refused as error:
        raise _refused(bound, f"{what} is not translated, as {error.problems[0].message.rstrip('.')}") from error


def _refused(bound: BoundDataset, why: str) -> LapwingError:
    return Refused.of(
        "not-at-source",
        f"{bound.dataset.name} can't be built by its source: {why}.",
        place=bound.dataset.rows_place,
        hint="Build it with --builder duckdb, which reads the rows.",
    )
