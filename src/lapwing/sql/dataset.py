"""Binds datasets to the data: the relation with its joins, every expression qualified, every type asked of the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapwing.model.dataset import Dataset
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, ModelError, NotFound, Place, Problem, SourceError
from lapwing.sources.base import Table
from lapwing.sources.quote import identifier
from lapwing.sql.bound import BoundDataset
from lapwing.sql.columns import qualify

if TYPE_CHECKING:
    from lapwing.sql.service import SqlService


@dataclass(frozen=True, slots=True)
class _Expression:
    """One expression of a dataset: `key` says which, such as ("dimension", "carrier")."""

    key: tuple[str, str]
    sql: str
    place: Place | None
    written: str


class DatasetBinder:
    """Binds datasets with the catalog, planner and engine of `service`."""

    def __init__(self, service: SqlService) -> None:
        self._service = service

    def tables(self, dataset: Dataset) -> tuple[Table, ...]:
        """The tables it is made of, those of its `sql` too.

        Raises:
            ModelError: some do not exist; at their places.
        """
        tables: list[Table] = []
        problems: list[Problem] = []
        try:
            if dataset.table is not None:
                tables.append(self._table(dataset.table, dataset.rows_place))
            else:
                tables += (scan.table for scan in self._service.plan(dataset.sql or "", whole=True).scans)
        except LapwingError as error:
            if isinstance(error, SourceError):
                raise
            problems += (_at(problem, dataset.rows_place) for problem in error.problems)
        for join in dataset.joins.values():
            try:
                tables.append(self._table(join.table, join.place))
            except NotFound as error:
                problems += error.problems
        if problems:
            raise ModelError(*problems)
        return tuple(tables)

    def bind(self, dataset: Dataset) -> BoundDataset:
        """See `SqlService.bind`."""
        bound, problems = self.bind_what_holds(dataset)
        if problems:
            raise ModelError(*problems)
        return bound

    def bind_what_holds(self, dataset: Dataset) -> tuple[BoundDataset, tuple[Problem, ...]]:
        """The dataset with those of its expressions that hold, and what is wrong with the others.

        Raises:
            ModelError: its tables do not exist. SourceError: a source does not answer.
        """
        columns = self._columns(dataset)
        relation, broken_joins = self._relation(dataset, columns)
        expressions, unknown = self._expressions(dataset, columns)
        types, untyped = ({}, ()) if broken_joins else self._types(relation, expressions)
        untyped += tuple(_conditions(expressions, types))
        sql = {one.key: one.sql for one in expressions if one.key in types}
        names = [name for name in dataset.dimensions if ("dimension", name) in types]
        bound = BoundDataset(
            dataset=dataset,
            relation=relation,
            time_column=sql.get(("time", ""), ""),
            time_type=types.get(("time", ""), ""),
            dimensions={name: types["dimension", name] for name in names},
            expressions={name: sql["dimension", name] for name in names},
            arguments={name: types.get(("argument", name)) for name in dataset.measures},
            argument_sql={name: sql.get(("argument", name)) for name in dataset.measures},
            filters={name: sql.get(("filter", name)) for name in dataset.measures},
        )
        return bound, (*broken_joins, *unknown, *untyped)

    def _table(self, written: str, place: Place) -> Table:
        return self._service.catalog.resolve(tuple(part.strip('"') for part in written.split(".")), place)

    def _columns(self, dataset: Dataset) -> dict[str, tuple[str, ...]]:
        """The columns of each table of the dataset, by the name it has in the relation; the base first."""
        if dataset.table is not None:
            base = tuple(column.name for column in self._table(dataset.table, dataset.rows_place).columns)
        else:
            base = tuple(self._service.plan(dataset.sql or "").schema.names)
        columns = {dataset.name: base}
        for join in dataset.joins.values():
            columns[join.name] = tuple(column.name for column in self._table(join.table, join.place).columns)
        return columns

    def _relation(self, dataset: Dataset, columns: Mapping[str, tuple[str, ...]]) -> tuple[str, tuple[Problem, ...]]:
        lines = [own_rows(dataset)]
        problems: list[Problem] = []
        for join in dataset.joins.values():
            pairs = []
            for left, right in join.on:
                problems += _unknown(left, dataset.name, columns[dataset.name], join.place)
                problems += _unknown(right, join.table, columns[join.name], join.place)
                pairs.append(
                    f"{identifier(dataset.name)}.{identifier(left)} = {identifier(join.name)}.{identifier(right)}"
                )
            lines.append(f"LEFT JOIN {_path(join.table)} AS {identifier(join.name)} ON {' AND '.join(pairs)}")
        return "\n".join(lines), tuple(problems)

    def _expressions(
        self, dataset: Dataset, columns: Mapping[str, tuple[str, ...]]
    ) -> tuple[tuple[_Expression, ...], tuple[Problem, ...]]:
        """All expressions, qualified; all their problems at once."""
        wanted = [(("time", ""), identifier(dataset.time.column), dataset.time.place)]
        wanted += [(("dimension", one.name), one.sql, one.place) for one in dataset.dimensions.values()]
        for measure in dataset.measures.values():
            if measure.argument is not None:
                wanted.append((("argument", measure.name), measure.argument, measure.place))
            if measure.where is not None:
                wanted.append((("filter", measure.name), measure.where, measure.place))
        found, problems = [], list[Problem]()
        with self._service.planning_cursor() as cursor:
            for key, text, place in wanted:
                try:
                    sql = qualify(text, base=dataset.name, columns=columns, place=place, cursor=cursor)
                    found.append(_Expression(key, sql, place, text))
                except ModelError as error:
                    problems += error.problems
        return tuple(found), tuple(problems)

    def _types(
        self, relation: str, expressions: tuple[_Expression, ...]
    ) -> tuple[dict[tuple[str, str], str], tuple[Problem, ...]]:
        """Types of all, asked in one statement; if that fails, one by one, so that each problem has its place."""
        keys = [one.key for one in expressions]
        try:
            return dict(zip(keys, self._ask(relation, expressions), strict=True)), ()
        except SourceError:
            raise
        except LapwingError as error:
            types: dict[tuple[str, str], str] = {}
            problems: list[Problem] = []
            for one in expressions:
                try:
                    (types[one.key],) = self._ask(relation, (one,))
                    problems += self._aggregates(relation, one)
                except LapwingError as single:
                    problems += (_at(problem, one.place) for problem in single.problems)
            return types, tuple(problems or error.problems)

    def _aggregates(self, relation: str, one: _Expression) -> Iterator[Problem]:
        """Alone an aggregate is no mistake to the engine; among conditions it is."""
        try:
            self._service.plan(f"SELECT 1 FROM {relation} WHERE ({one.sql}\n) IS NULL")
        except LapwingError:
            says = f"`{one.written}` aggregates rows; here stands what is taken from each row."
            yield Problem("nested-aggregate", says, one.place, hint="Write sum: price, not sum: sum(price).")

    def _ask(self, relation: str, expressions: tuple[_Expression, ...]) -> tuple[str, ...]:
        outputs = ",\n".join(f"({one.sql}\n) AS c{number}" for number, one in enumerate(expressions))
        return self._service.plan(f"SELECT {outputs}\nFROM {relation}").types


def own_rows(dataset: Dataset) -> str:
    """The FROM text of the dataset without its joins."""
    base = f"({dataset.sql.strip().rstrip(';')}\n)" if dataset.sql else _path(dataset.table or "")
    return f"{base} AS {identifier(dataset.name)}"


def _path(written: str) -> str:
    return ".".join(identifier(part.strip('"')) for part in written.split("."))


def _unknown(column: str, table: str, known: tuple[str, ...], place: Place) -> list[Problem]:
    if column.lower() in {name.lower() for name in known}:
        return []
    return [Problem("unknown-column", f"{table} has no column {column}.", place, nearest(column, known))]


def _conditions(expressions: tuple[_Expression, ...], types: Mapping[tuple[str, str], str]) -> Iterator[Problem]:
    """The engine would take any number but 0 for true."""
    for one in expressions:
        if one.key[0] == "filter" and types.get(one.key, "BOOLEAN") not in ("BOOLEAN", '"NULL"'):
            says = f"`{one.written}` is {types[one.key]}, which is no condition."
            yield Problem("where-type", says, one.place, hint="Compare it with something, such as paid = 1.")


def _at(problem: Problem, place: Place | None) -> Problem:
    return Problem(problem.code, problem.message, place, problem.nearest, problem.hint)
