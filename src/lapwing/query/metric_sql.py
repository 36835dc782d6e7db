"""`metrics.<dataset>` in SQL: each SELECT over one becomes a metric query, and its answer takes the SELECT's place.

    select carrier, measure(cancel_rate) from metrics.flights where origin = 'EWR' group by carrier order by 2

Dimensions, `date_trunc('day', scheduled)` and metrics (by name or as MEASURE(name)) may be selected, combined in
expressions, filtered (dimensions and time in WHERE, metrics in HAVING) and ordered. Grouping is by what is selected,
whether GROUP BY says so or not; without a metric it tells which groups there are. The time by itself groups by moments,
and `*` is the time, every dimension and every metric. A join may choose groups: see `metric_join`.
`metrics.flights AT (TIMESTAMP => '2026-01-31T12:00')` is what was known at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lapwing.model import calendar
from lapwing.model.dataset import Aggregation, Dataset
from lapwing.model.grain import Grain
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, Place, WrongUse
from lapwing.model.project import Project
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.metric_join import chosen_by, exists
from lapwing.query.metric_where import TimeSpan, split_where
from lapwing.query.moments import looks_beyond

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from lapwing.query.answer import Answer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rewritten:
    """The statement with `given.<name>` in place of every `metrics.<dataset>`, and what these hold."""

    text: str
    given: Mapping[str, pa.Table]
    answers: tuple[Answer, ...]


def mentions_metrics(text: str) -> bool:
    """A quick look, so that a statement without metrics costs nothing."""
    return "metrics" in text.lower()


def rewrite(
    text: str, *, project: Project, zone: str, wishes: Wishes, answer: Callable[[MetricQuery], Answer]
) -> Rewritten:
    """Answers every SELECT over `metrics.<dataset>` in `text`, which has to parse.

    Raises:
        WrongUse, NotFound: a SELECT asks something that a metric query is not; says what to write instead.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(text, dialect="duckdb")
    except SqlglotError as error:  # it reads less than the engine does
        hint = "Write it with plainer means, or read metrics in a subquery of its own."
        where = Place(line=1, column=1)
        raise WrongUse.of("syntax", "A statement over metrics is not understood so.", place=where, hint=hint) from error
    given: dict[str, pa.Table] = {}
    answers: list[Answer] = []
    for table in list(tree.find_all(exp.Table)):
        if table.db.lower() != "metrics" or table.catalog:
            continue
        select = table.find_ancestor(exp.Select)
        dataset = _dataset(table, project)
        joined = isinstance(table.find_ancestor(exp.Join, exp.Select), exp.Join)
        if select is None or joined:
            raise _not_alone(table, dataset)
        block = _Block(select, dataset, project, zone, table)
        result = answer(replace(block.query(), zone=zone, wishes=wishes, as_known_at=_known_at(table)))
        name = f"m{len(answers)}"
        given[name] = result.table
        answers.append(result)
        block.replace_by(name)
    return Rewritten(text=tree.sql(dialect="duckdb"), given=given, answers=tuple(answers))


def _dataset(table: exp.Table, project: Project) -> Dataset:
    dataset = project.datasets.get(table.name)
    if dataset is None:
        near = nearest(table.name, project.datasets)
        raise NotFound.of("unknown-dataset", f"There is no dataset {table.name}.", place=_place(table), nearest=near)
    return dataset


def _not_alone(table: exp.Table, dataset: Dataset) -> LapwingError:
    return WrongUse.of(
        "metrics-joined",
        f"metrics.{dataset.name} stands alone in its SELECT, or beside a join that only chooses groups of it.",
        place=_place(table),
        hint=f"Join its result: from (select ... from metrics.{dataset.name}) m join ...",
    )


def _known_at(table: exp.Table) -> str | None:
    """The moment in AT (TIMESTAMP => ...), as what was known then is asked.

    Raises:
        WrongUse: it is no moment that is written out.
    """
    from sqlglot import exp

    when = table.args.get("when")
    if when is None:
        return None
    moment = when.expression
    moment = moment.this if isinstance(moment, exp.Cast) else moment
    if str(when.args["kind"]).upper() != "TIMESTAMP" or not (isinstance(moment, exp.Literal) and moment.is_string):
        hint = "Write at (timestamp => '2026-01-31T12:00'), or a text such as '-1d'."
        raise WrongUse.of("bad-moment", "AT takes a moment that is written out.", place=_place(table), hint=hint)
    return moment.name.replace(" ", "T")


def _counted(dataset: Dataset) -> str:
    """The metric that is asked where groups alone are: the count of rows, where there is one."""
    rows = (one.name for one in dataset.measures.values() if one.aggregation is Aggregation.COUNT and not one.where)
    return next(rows, next(iter(dataset.measures)))


def _place(node: exp.Expr) -> Place | None:
    for part in node.walk():
        if "line" in part.meta:
            return Place(line=part.meta["line"], column=part.meta["col"])
    return None


class _Block:
    """One SELECT over a dataset, taken apart and put together again."""

    def __init__(self, select: exp.Select, dataset: Dataset, project: Project, zone: str, table: exp.Table) -> None:
        self.select, self.dataset, self.project, self.zone = select, dataset, project, zone
        self.table, self.name = table, table.alias or dataset.name
        self.time_names = {dataset.time.column, "time"}
        self.dimensions: dict[str, None] = {}
        self.metrics: dict[str, None] = {}
        self.grain: Grain | None = None
        self.conditions: list[exp.Expr] = []

    def query(self) -> MetricQuery:
        """Reads the SELECT; afterwards its nodes refer to columns of the answer."""
        self._spread_stars()
        for clause in ("expressions", "having", "order", "qualify"):
            nodes = self.select.args.get(clause)
            for node in nodes if isinstance(nodes, list) else [nodes] if nodes else []:
                self._read(node)
        self._choose()
        where = self.select.args.get("where")
        time = TimeSpan()
        rest: str | None = None
        if where is not None:
            time, rest = split_where(where.this, self.time_names, {*self.dataset.dimensions}, self.dataset, self.zone)
        metrics = tuple(self.metrics)
        if not metrics and (self.dimensions or self.grain):  # which groups there are
            metrics = (_counted(self.dataset),)
        if not metrics:
            some = next(iter(self.dataset.metrics))
            raise WrongUse.of(
                "no-metric",
                f"The SELECT over metrics.{self.dataset.name} names no metric.",
                hint=f"Add one, such as measure({some}); for rows, select from {self.dataset.table or 'the sources'}.",
            )
        return MetricQuery(
            metrics=tuple(f"{self.dataset.name}.{name}" for name in metrics),
            by=tuple(self.dimensions),
            grain=self.grain,
            start=None if time.start is None else calendar.utc_iso(time.start),
            end=None if time.end is None else calendar.utc_iso(time.end),
            where=rest,
        )

    def _spread_stars(self) -> None:
        """Puts the columns that `*` means in its place."""
        from sqlglot import exp

        spread: list[exp.Expr] = []
        for one in self.select.expressions:
            star = one.this if isinstance(one, exp.Column) else one
            if not isinstance(star, exp.Star):
                spread.append(one)
                continue
            if star.args.get("replace") or star.args.get("rename") or self.select.args.get("joins"):
                raise WrongUse.of(
                    "metrics-star", "* over metrics can't replace, rename or join.", hint="Name the columns."
                )
            without = {column.name for column in star.args.get("except_") or ()}
            metrics = [name for name in self.dataset.metrics if name not in without]
            if beyond := [name for name in metrics if looks_beyond(self.dataset.metrics[name])]:
                says = f"* groups by single moments, and {', '.join(beyond)} look at other times, too."
                hint = f"Write * exclude ({', '.join([*without, *beyond])}), or name what you want."
                raise WrongUse.of("metrics-star", says, place=_place(self.table), hint=hint)
            names = dict.fromkeys((self.dataset.time.column, *self.dataset.dimensions))
            spread += (exp.column(name) for name in [*(one for one in names if one not in without), *metrics])
        self.select.set("expressions", spread)

    def _choose(self) -> None:
        """Takes the joins that choose groups, for `replace_by`."""
        chosen = chosen_by(self.select, self.dataset, self.name)
        if chosen is None or not {name for _, pairs in chosen for name, _ in pairs} <= set(self.dimensions):
            raise _not_alone(self.table, self.dataset)
        self.conditions = [exists(other, pairs, self.name) for other, pairs in chosen]
        self.select.set("joins", None)

    def _read(self, node: exp.Expr) -> None:
        from sqlglot import exp

        if isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and self._is_time(node.this):
            self._take_grain(node)
            return
        if isinstance(node, exp.Anonymous) and node.name.lower() == "measure" and len(node.expressions) == 1:
            name = node.expressions[0].name
            self._check_metric(name, node)
            self._take_metric(name, node)
            return
        if isinstance(node, exp.AggFunc):
            raise WrongUse.of(
                "metrics-aggregated",
                f"{node.sql(dialect='duckdb')} aggregates what is a metric already.",
                place=_place(node),
                hint=f"Write {self._meant(node)}; aggregate its result in an outer SELECT if you must.",
            )
        if isinstance(node, exp.Column):
            self._column(node)
            return
        for child in list(node.iter_expressions()):
            self._read(child)

    def _meant(self, node: exp.AggFunc) -> str:
        """The metric that somebody may mean who aggregates."""
        from sqlglot import exp

        name = node.this.name if isinstance(node.this, exp.Column) else ""
        if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
            name = _counted(self.dataset)
        return f"measure({name if name in self.dataset.metrics else next(iter(self.dataset.metrics))})"

    def _is_time(self, node: exp.Expr) -> bool:
        from sqlglot import exp

        return isinstance(node, exp.Column) and node.name in self.time_names

    def _take_grain(self, node: exp.Expr) -> None:
        from sqlglot import exp

        grain = Grain.parse(node.args["unit"].name.lower())
        if self.grain not in (None, grain):
            raise WrongUse.of("two-grains", "One SELECT over metrics has one grain.", hint="Use two SELECTs.")
        self.grain = grain
        column = exp.column("time", quoted=True)
        alone = node.parent is self.select
        node.replace(exp.alias_(column, "time") if alone else column)

    def _take_metric(self, name: str, node: exp.Expr) -> None:
        from sqlglot import exp

        self.metrics[name] = None
        column = exp.column(f"{self.dataset.name}.{name}", quoted=True)
        node.replace(exp.alias_(column, name) if node.parent is self.select else column)

    def _check_metric(self, name: str, node: exp.Expr) -> None:
        if name not in self.dataset.metrics:
            near = nearest(name, self.dataset.metrics)
            raise NotFound.of(
                "unknown-metric",
                f"metrics.{self.dataset.name} has no metric {name}.",
                place=_place(node),
                nearest=near,
            )

    def _column(self, node: exp.Column) -> None:
        from sqlglot import exp

        name = node.name
        if self.select.args.get("joins") and node.table.lower() not in ("", self.name.lower()):
            raise _not_alone(self.table, self.dataset)
        if name in self.time_names and node.find_ancestor(exp.Order) and name in self._aliases():
            return  # what is selected under that name
        if name in self.dataset.dimensions:
            self.dimensions[name] = None
            node.replace(exp.column(name, quoted=True))
        elif name in self.dataset.metrics:
            self._take_metric(name, node)
        elif name in self.time_names:
            self._take_moments(node)
        elif name not in self._aliases():
            near = nearest(name, [*self.dataset.dimensions, *self.dataset.metrics])
            raise NotFound.of(
                "unknown-column", f"metrics.{self.dataset.name} has no {name}.", place=_place(node), nearest=near
            )

    def _aliases(self) -> set[str]:
        return {item.alias for item in self.select.expressions}

    def _take_moments(self, node: exp.Column) -> None:
        """The time by itself, not by buckets. Only as it is: an expression of it would leave several rows of one value."""
        from sqlglot import exp

        shown = node.parent if isinstance(node.parent, exp.Alias) else node
        selected = shown.parent is self.select and shown.arg_key == "expressions"
        if not selected and not (self.dataset.time.column in self.dimensions and isinstance(shown.parent, exp.Ordered)):
            raise WrongUse.of(
                "time-without-grain",
                f"{node.name} needs a grain here.",
                place=_place(node),
                hint=f"Write date_trunc('day', {node.name}), or select {node.name} itself for single moments.",
            )
        self.dimensions[self.dataset.time.column] = None
        column = exp.column(self.dataset.time.column, quoted=True)
        node.replace(exp.alias_(column, node.name) if selected and shown is node else column)

    def replace_by(self, name: str) -> None:
        """Puts the answer in the dataset's place; what the answer has done already leaves the SELECT."""
        from sqlglot import exp

        source = self.select.args.get("from_") or self.select.args["from"]
        source.this.replace(exp.alias_(exp.table_(name, db="given"), self.name, table=True))
        having = self.select.args.get("having")
        conditions = [*([having.this] if having is not None else []), *self.conditions]
        self.select.set("group", None)
        self.select.set("having", None)
        self.select.set("where", exp.Where(this=exp.and_(*conditions, copy=False)) if conditions else None)
