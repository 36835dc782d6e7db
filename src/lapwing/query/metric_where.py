"""Splits a WHERE over `metrics.<dataset>` into a stretch of time and a condition over dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from lapwing.model import calendar
from lapwing.model.dataset import Dataset
from lapwing.model.grain import Grain
from lapwing.model.problem import WrongUse
from lapwing.model.timerange import parse_moment
from lapwing.query.metric_tree import as_written, columns
from lapwing.query.metric_value import Ask, constant

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Half-open, UTC microseconds; None is open."""

    start: int | None = None
    end: int | None = None

    @property
    def empty(self) -> bool:
        """Whether conditions contradict each other."""
        return self.start is not None and self.end is not None and self.start >= self.end

    def after(self, start: int) -> TimeSpan:
        return replace(self, start=start if self.start is None else max(start, self.start))

    def before(self, end: int) -> TimeSpan:
        return replace(self, end=end if self.end is None else min(end, self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What is known about names and times where a WHERE is read: the dataset, and the session's zone and first day of a
    week."""

    dataset: Dataset
    time: AbstractSet[str]
    zone: str
    week_start: int
    ask: Ask

    def split(self, condition: exp.Expr) -> tuple[TimeSpan, str | None]:
        """Raises WrongUse where a part of the condition is neither about time alone nor about dimensions alone."""
        from sqlglot import exp

        span = TimeSpan()
        rest: list[str] = []
        for part in parts_of(condition):
            names = {column.name for column in columns(part)}
            if names & self.time:
                span = self._narrow(span, part, names)
                continue
            if metrics := (names & set(self.dataset.metrics)) - set(self.dataset.dimensions):
                raise WrongUse.of(
                    "metric-in-where",
                    f"{', '.join(sorted(metrics))} is a metric, which WHERE can't filter.",
                    hint="Move that condition to HAVING.",
                )
            text = part.sql(dialect="duckdb")  # of an unknown name the metric query tells the nearest
            rest.append(f"({text})" if isinstance(part, exp.Or) else text)
        return span, " AND ".join(rest) or None

    def _narrow(self, span: TimeSpan, part: exp.Expr, names: AbstractSet[str]) -> TimeSpan:
        from sqlglot import exp

        if len(names) == 1 and isinstance(part, exp.Between) and self._time(part.this)[0]:
            low = exp.GTE(this=part.this.copy(), expression=part.args["low"].copy())
            high = exp.LTE(this=part.this.copy(), expression=part.args["high"].copy())
            return self._narrow(self._narrow(span, low, names), high, names)
        mirrored: dict[type[exp.Expr], type[exp.Expr]] = {
            exp.GT: exp.LT,
            exp.GTE: exp.LTE,
            exp.LT: exp.GT,
            exp.LTE: exp.GTE,
            exp.EQ: exp.EQ,
        }
        if len(names) == 1 and isinstance(part, exp.Binary) and type(part) in mirrored:
            left, right = part.left.unnest(), part.right.unnest()
            kind: type[exp.Expr] = type(part)
            if columns(right):
                left, right, kind = right, left, mirrored[kind]
            is_time, grain = self._time(left)
            if is_time and not columns(right):
                return self._compared(span, kind, self._moment(right), grain)
        raise WrongUse.of(
            "time-condition",
            f"{as_written(part)} is no plain comparison of the time with a moment.",
            hint="Write time >= '2013-02-08' and time < '2013-02-10', joined by AND.",
        )

    def _compared(self, span: TimeSpan, kind: type[exp.Expr], moment: int, grain: Grain | None) -> TimeSpan:
        """The span where the time, or the start of the bucket in which it is, compares so with `moment`."""
        from sqlglot import exp

        first, following = moment, moment + 1
        if grain is not None:
            at = calendar.floor(moment, grain, self.zone, self.week_start)
            following = int(calendar.edges(grain, self.zone, at, at + 1, self.week_start)[-1])
            first = at if at == moment else following  # no bucket starts at another moment
            if kind is exp.EQ and at != moment:
                says = f"No {grain} starts at {calendar.local_iso(moment, self.zone)}."
                raise WrongUse.of("time-condition", says, hint="Compare with the start of one, by =, or use >= and <.")
        if kind is exp.GT:
            return span.after(following)
        if kind is exp.GTE:
            return span.after(first)
        if kind is exp.LT:
            return span.before(first)
        if kind is exp.LTE:
            return span.before(following)
        return span.after(first).before(following)

    def _time(self, node: exp.Expr) -> tuple[bool, Grain | None]:
        """Whether it is the time, and the grain of date_trunc and ::date of it; None for the time itself."""
        from sqlglot import exp

        if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
            unit, node = node.args["unit"].name, node.this
        elif isinstance(node, exp.Cast) and node.is_type("date"):
            unit, node = "day", node.this
        else:
            unit = ""
        if not isinstance(node, exp.Column) or node.name not in self.time:
            return False, None
        return True, Grain.parse(unit.lower()) if unit else None

    def _moment(self, node: exp.Expr) -> int:
        from sqlglot import exp

        plain = node.this if isinstance(node, exp.Cast) else node
        if isinstance(plain, exp.Literal) and plain.is_string:
            text = plain.name.replace(" ", "T", 1)
        else:
            value = constant(node, self.ask)
            if not isinstance(value, date):
                raise WrongUse.of(
                    "time-literal",
                    f"{node.sql(dialect='duckdb')} is no moment.",
                    hint="Write it as text, such as '2013-02-08' or '2013-02-08 14:30', or as now() - interval '7 days'.",
                )
            text = value.isoformat()
            if isinstance(value, datetime) and value.tzinfo is not None:
                return calendar.to_us(value)
        now = calendar.from_us(0)  # relative words are refused in SQL: a statement means the same tomorrow
        return parse_moment(text, now=now, zone=self.zone)[0]


def parts_of(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What AND joins, without brackets around it."""
    from sqlglot import exp

    left = [condition]
    while left:
        part = left.pop().unnest()
        if isinstance(part, exp.And):
            left += [part.right, part.left]
        else:
            yield part
