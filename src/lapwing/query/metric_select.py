"""One SELECT over `metrics.<dataset>`: taken apart into a metric query, and put together again over its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from lapwing.model import calendar
from lapwing.model.dataset import Aggregation, Dataset
from lapwing.model.grain import Grain
from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, NotFound, WrongUse
from lapwing.query.ask import MetricQuery
from lapwing.query.metric_clock import Clock, grouped
from lapwing.query.metric_exists import settle_exists
from lapwing.query.metric_filter import Filters
from lapwing.query.metric_join import chosen_by, exists
from lapwing.query.metric_keys import Keys, keys_of
from lapwing.query.metric_rest import settle_rest
from lapwing.query.metric_tree import Written, as_written, nodes, settle_names
from lapwing.query.metric_value import Ask, settle_subqueries
from lapwing.query.metric_where import Reader, TimeSpan
from lapwing.query.moments import looks_beyond

if TYPE_CHECKING:
    from sqlglot import exp

_SAME: Final = {
    "SUM": (Aggregation.SUM, Aggregation.COUNT),
    "MIN": (Aggregation.MIN,),
    "MAX": (Aggregation.MAX,),
    "AVG": (Aggregation.MEAN,),
}
"""Aggregates that say once more what a measure of that kind is: the sum of sums is the sum."""


def not_alone(table: exp.Table, dataset: Dataset, written: Written) -> LapwingError:
    return WrongUse.of(
        "metrics-joined",
        f"metrics.{dataset.name} stands alone in its SELECT, or beside a join that only chooses groups of it.",
        place=written.place(table),
        hint=f"Join its result: from (select ... from metrics.{dataset.name}) m join ...",
    )


def counting(dataset: Dataset) -> str | None:
    """The measure that counts all rows, where there is one."""
    return next((one.name for one in dataset.measures.values() if one.every_row), None)


class MetricSelect:
    """`query` reads the SELECT, whose nodes refer to columns of the answer then; `check` looks at the answer, and
    `replace_by` puts it in the dataset's place. `told` is what was asked first."""

    def __init__(
        self,
        select: exp.Select,
        table: exp.Table,
        dataset: Dataset,
        *,
        zone: str,
        week_start: int,
        ask: Ask,
        written: Written,
    ) -> None:
        self.select, self.dataset, self.table = select, dataset, table
        self.name = table.alias or table.name
        self.told: list[str] = []
        self._ask, self._written = ask, written
        self._times = {dataset.time.column, "time"}
        self._clock = Clock(dataset=dataset, times=frozenset(self._times))
        self._keys = Keys()
        self.filters = Filters(dataset)
        self._reader = Reader(dataset=dataset, time=self._times, zone=zone, week_start=week_start, ask=ask)
        self._dimensions: dict[str, None] = {}
        self._metrics: dict[str, None] = {}
        self._grain: Grain | None = None
        self._grain_zone: str | None = None
        self._conditions: list[exp.Expr] = []
        self._about_time: list[tuple[exp.Expr, str]] = []
        self._nothing = False

    def query(self) -> MetricQuery:
        """The metric query.

        Raises:
            WrongUse, NotFound: it is none.
        """
        self._spread_stars()
        settle_names(self.select, self.dataset, self.name)
        self.told = settle_rest(self.select, self.dataset, self.name, self._ask)
        where = self.select.args.get("where")
        if where is not None:
            settle_exists(where, self.dataset, self.name, self._written)
            self.told += settle_subqueries(where, self._ask)
        self._keys = keys_of(self.select, self.dataset, self._written)
        self._dimensions.update(self._keys.plain)
        self._about_time = self._clock.beside(self.select)
        self._clock.check_group(self.select, self._written)
        for node in list(nodes(self.select, ("expressions", "having", "order", "qualify", "windows", "distinct"))):
            self._read(node)
        self._read_group()
        self._choose()
        time, rest = TimeSpan(), None
        if where is not None:
            time, rest = self._reader.split(where.this)
        if time.empty:
            time, rest = TimeSpan().after(time.start or 0).before((time.start or 0) + 1), "false"
            self._nothing = True
        read = tuple(dict.fromkeys((*self._dimensions, *self._keys.read)))
        metrics = tuple(self._metrics)
        if not metrics and (read or self._grain or self.filters.asked):  # which groups there are
            metrics = (counting(self.dataset) or next(iter(self.dataset.measures)),)
        if not metrics:
            some = next(iter(self.dataset.metrics))
            raise WrongUse.of(
                "no-metric",
                f"The SELECT over metrics.{self.dataset.name} names no metric.",
                hint=f"Add one, such as measure({some}); for rows, select from {self.dataset.table or 'the sources'}.",
            )
        return MetricQuery(
            metrics=tuple(f"{self.dataset.name}.{name}" for name in metrics),
            by=read,
            grain=self._grain,
            start=None if time.start is None else calendar.utc_iso(time.start),
            end=None if time.end is None else calendar.utc_iso(time.end),
            zone=self._grain_zone,
            where=rest,
            regroup=self._keys.regroup(self._dimensions),
        )

    def check(self, answer: pa.Table) -> None:
        """
        Raises:
            WrongUse: an expression has the same value in several buckets of the time, which are groups of their own.
        """
        for node, shown in self._about_time:
            text = node.sql(dialect="duckdb")
            given = {"answer": pa.table({"time": answer.column("time").unique()})}
            asked = f"SELECT count(DISTINCT time) AS a, count(DISTINCT {text}) AS b FROM given.answer"
            ((buckets, values),) = zip(*(one.to_pylist() for one in self._ask(asked, given).columns), strict=True)
            if values < buckets:
                says = (
                    f"{shown} is the same in several of {buckets:,} buckets of the time, which are groups of their own."
                )
                hint = "Select date_trunc(...) itself beside it, or a coarser one, or add up in an outer SELECT."
                raise WrongUse.of("time-expression", says, hint=hint)

    def replace_by(self, name: str) -> None:
        """Puts the answer in the dataset's place; what the answer has done already leaves the SELECT."""
        from sqlglot import exp

        source = self.select.args.get("from_") or self.select.args["from"]
        source.this.replace(exp.alias_(exp.table_(name, db="given"), self.name, table=True))
        having = self.select.args.get("having")
        conditions = [*([having.this] if having is not None else []), *self._conditions]
        if self._nothing and (self._dimensions or self._keys.made or self._grain):  # nor is there a bucket
            conditions.append(exp.false())
        self.select.set("group", None)
        self.select.set("having", None)
        self.select.set("where", exp.Where(this=exp.and_(*conditions, copy=False)) if conditions else None)

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
                says = "* over metrics can't replace, rename or join."
                raise WrongUse.of("metrics-star", says, hint="Name the columns.")
            without = {column.name for column in star.args.get("except_") or ()}
            metrics = [name for name in self.dataset.metrics if name not in without]
            if beyond := [name for name in metrics if looks_beyond(self.dataset.metrics[name])]:
                says = f"* groups by single moments, and {', '.join(beyond)} look at other times, too."
                hint = f"Write * exclude ({', '.join([*without, *beyond])}), or name what you want."
                raise WrongUse.of("metrics-star", says, place=self._written.place(self.table), hint=hint)
            names = dict.fromkeys((self.dataset.time.column, *self.dataset.dimensions))
            spread += (exp.column(name) for name in [*(one for one in names if one not in without), *metrics])
        self.select.set("expressions", spread)

    def _choose(self) -> None:
        """Takes the joins that choose groups, for `replace_by`."""
        chosen = chosen_by(self.select, self.dataset, self.name)
        if chosen is None or not {name for _, pairs in chosen for name, _ in pairs} <= set(self._dimensions):
            raise not_alone(self.table, self.dataset, self._written)
        self._conditions = [exists(other, pairs, self.name) for other, pairs in chosen]
        self.select.set("joins", None)

    def _read(self, node: exp.Expr) -> None:
        """Takes what is below; not by recursion, for conditions of thousands of parts."""
        from sqlglot import exp

        left = [node]
        while left:
            one = left.pop()
            if not isinstance(one, exp.Query) and not self._taken(one):  # a statement of its own gives a value
                left += reversed(list(one.iter_expressions()))

    def _taken(self, node: exp.Expr) -> bool:
        """Puts a column of the answer in the place of what asks for one; whether it did."""
        from sqlglot import exp

        if (key := self._keys.column(node)) is not None:
            self._put(node, exp.column(key, quoted=True), as_written(node))
        elif self._clock.is_cut(node):
            self._take_grain(node, node.args["unit"].name)
        elif self._clock.is_day(node):
            self._take_grain(node, "day", exp.DataType.build("date"))
        elif isinstance(node, exp.Filter) and not isinstance(node.parent, exp.Window):
            column = self.filters.column(self._meant(node.this), node, self._reader, self._written)
            self._put(node, exp.column(column, quoted=True), as_written(node))
        elif _is_measure(node) or (isinstance(node, exp.AggFunc) and not _over_groups(node)):
            self._take_metric(self._meant(node), node)
        elif isinstance(node, exp.Column):
            self._column(node)
        else:
            return False
        return True

    def _meant(self, node: exp.Expr) -> str:
        """The metric of measure(x), or of an aggregate that says one once more."""
        from sqlglot import exp

        if isinstance(node, exp.AggFunc):
            again = self._said_again(node)
            if again is None:
                raise self._aggregated(node)
            return again
        name = node.expressions[0].name if _is_measure(node) else node.name
        self._check_metric(name, node)
        return name

    def _read_group(self) -> None:
        """Buckets and moments that GROUP BY names."""
        from sqlglot import exp

        for node in grouped(self.select):
            plain = node.unnest()
            if self._clock.is_bucket(plain):
                self._taken(plain)
            elif isinstance(plain, exp.Column) and not self._known(plain):
                self._column(plain)

    def _known(self, column: exp.Column) -> bool:
        """Whether GROUP BY may name it: what is selected, or was taken already."""
        name = column.name
        return name.lower() in self._aliases() or name in self.dataset.dimensions or name in self.dataset.metrics or (
            name in self._times and self.dataset.time.column in self._dimensions
        )  # fmt: skip

    def _said_again(self, node: exp.AggFunc) -> str | None:
        """The measure that an aggregate says once more: COUNT(*) where one counts the rows, SUM of a sum."""
        from sqlglot import exp

        if isinstance(node, exp.Count):
            every = isinstance(node.this, exp.Star) or (isinstance(node.this, exp.Literal) and not node.expressions)
            return counting(self.dataset) if every else None
        name = node.this.name if isinstance(node.this, exp.Column) else ""
        measure = self.dataset.measures.get(name)
        return name if measure is not None and measure.aggregation in _SAME.get(node.sql_name(), ()) else None

    def _aggregated(self, node: exp.AggFunc) -> LapwingError:
        from sqlglot import exp

        name = node.this.name if isinstance(node.this, exp.Column) else ""
        meant = name if name in self.dataset.metrics else next(iter(self.dataset.metrics))
        hint = f"Write measure({meant}); aggregate its result in an outer SELECT if you must."
        if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
            hint = f'No measure of {self.dataset.name} counts its rows: define one, `rows: {{count: "*"}}`.'
        says = f"{as_written(node)} aggregates what is a metric already."
        return WrongUse.of("metrics-aggregated", says, place=self._written.place(node), hint=hint)

    def _take_grain(self, node: exp.Expr, unit: str, kind: exp.DataType | None = None) -> None:
        from sqlglot import exp

        grain, zone = Grain.parse(unit.lower()), None
        column: exp.Expr = exp.column("time", quoted=True)
        if isinstance(node.this, exp.AtTimeZone):
            zone = calendar.zone(node.this.args["zone"].name).key
            column = exp.AtTimeZone(this=column, zone=node.this.args["zone"].copy())
        if self._grain is not None and (self._grain, self._grain_zone) != (grain, zone):
            raise WrongUse.of("two-grains", "One SELECT over metrics has one grain.", hint="Use two SELECTs.")
        self._grain, self._grain_zone = grain, zone
        self._put(node, column if kind is None else exp.Cast(this=column, to=kind), "time")

    def _take_metric(self, name: str, node: exp.Expr) -> None:
        from sqlglot import exp

        self._metrics[name] = None
        self._put(node, exp.column(f"{self.dataset.name}.{name}", quoted=True), name)

    def _put(self, node: exp.Expr, column: exp.Expr, name: str) -> None:
        """The answer's column in the place of what asks for it; by itself it is called `name`."""
        from sqlglot import exp

        alone = node.parent is self.select and node.arg_key == "expressions"
        self._about_time = [(column if one is node else one, text) for one, text in self._about_time]
        node.replace(exp.alias_(column, name, quoted=True) if alone else column)

    def _check_metric(self, name: str, node: exp.Expr) -> None:
        if name not in self.dataset.metrics:
            near = nearest(name, self.dataset.metrics)
            says = f"metrics.{self.dataset.name} has no metric {name}."
            raise NotFound.of("unknown-metric", says, place=self._written.place(node), nearest=near)

    def _column(self, node: exp.Column) -> None:
        from sqlglot import exp

        name = node.name
        if self.select.args.get("joins") and node.table:
            raise not_alone(self.table, self.dataset, self._written)
        if isinstance(node.parent, exp.Ordered) and self._orders(node.parent) and name.lower() in self._aliases():
            return  # what is selected under that name
        if name in self.dataset.dimensions:
            self._take_dimension(name, node)
        elif name in self.dataset.metrics:
            self._take_metric(name, node)
        elif name in self._times:
            self._take_moments(node)
        elif name.lower() not in self._aliases():
            near = nearest(name, [*self.dataset.dimensions, *self.dataset.metrics])
            says = f"metrics.{self.dataset.name} has no {name}."
            raise NotFound.of("unknown-column", says, place=self._written.place(node), nearest=near)

    def _orders(self, node: exp.Ordered) -> bool:
        """Whether it orders the SELECT itself, not a window."""
        return node.parent is not None and node.parent.parent is self.select

    def _take_dimension(self, name: str, node: exp.Column) -> None:
        from sqlglot import exp

        if name not in self._dimensions and (self._keys.made or self._keys.explicit):
            says = f"{name} is not what the SELECT groups by."
            hint = f"Add {name} to what is selected and to GROUP BY."
            raise WrongUse.of("not-grouped", says, place=self._written.place(node), hint=hint)
        self._dimensions[name] = None
        node.replace(exp.column(name, quoted=True))

    def _aliases(self) -> set[str]:
        """In small letters."""
        return {item.alias.lower() for item in self.select.expressions}

    def _take_moments(self, node: exp.Column) -> None:
        """The time by itself, not by buckets. Only as it is: an expression of it would leave several rows of one value."""
        from sqlglot import exp

        shown = node.parent if isinstance(node.parent, exp.Alias) else node
        selected = shown.parent is self.select and shown.arg_key == "expressions"
        if not selected and not (
            self.dataset.time.column in self._dimensions and isinstance(shown.parent, exp.Ordered)
        ):
            raise WrongUse.of(
                "time-without-grain",
                f"{node.name} needs a grain here.",
                place=self._written.place(node),
                hint=f"Write date_trunc('day', {node.name}), or select {node.name} itself for single moments.",
            )
        self._dimensions[self.dataset.time.column] = None
        column = exp.column(self.dataset.time.column, quoted=True)
        node.replace(exp.alias_(column, node.name) if selected and shown is node else column)


def _is_measure(node: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Anonymous) and node.name.lower() == "measure" and len(node.expressions) == 1


def _over_groups(node: exp.AggFunc) -> bool:
    """Whether it is a window's function, over the rows of the answer."""
    from sqlglot import exp

    inside: exp.Expr = node
    while isinstance(inside.parent, exp.IgnoreNulls | exp.RespectNulls | exp.Filter) and inside.arg_key == "this":
        inside = inside.parent
    return isinstance(inside.parent, exp.Window) and inside.arg_key == "this"
