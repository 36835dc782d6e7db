"""Splits a WHERE over `metrics.<dataset>` into a stretch of time and a condition over dimensions."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lapwing.model import calendar
from lapwing.model.dataset import Dataset
from lapwing.model.problem import WrongUse
from lapwing.model.timerange import parse_moment

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Half-open, UTC microseconds; None is open."""

    start: int | None = None
    end: int | None = None

    def after(self, start: int) -> TimeSpan:
        return replace(self, start=start if self.start is None else max(start, self.start))

    def before(self, end: int) -> TimeSpan:
        return replace(self, end=end if self.end is None else min(end, self.end))


def split_where(
    condition: exp.Expr, time: AbstractSet[str], dimensions: AbstractSet[str], dataset: Dataset, zone: str
) -> tuple[TimeSpan, str | None]:
    """Raises WrongUse where a part of the condition is neither about time alone nor about dimensions alone."""
    from sqlglot import exp

    span = TimeSpan()
    rest: list[exp.Expr] = []
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    for part in (bracketed.unnest() for bracketed in parts):
        names = {column.name for column in part.find_all(exp.Column)}
        if names & time:
            span = _narrow(span, part, names, time, zone)
        elif names <= dimensions:
            rest.append(part)
        elif metrics := names & set(dataset.metrics):
            raise WrongUse.of(
                "metric-in-where",
                f"{', '.join(sorted(metrics))} is a metric, which WHERE can't filter.",
                hint="Move that condition to HAVING.",
            )
        else:
            rest.append(part)  # an unknown name: the metric query says so, with the nearest
    return span, exp.and_(*rest).sql(dialect="duckdb") if rest else None


def _narrow(span: TimeSpan, part: exp.Expr, names: set[str], time: AbstractSet[str], zone: str) -> TimeSpan:
    from sqlglot import exp

    if len(names) == 1 and isinstance(part, exp.Between) and isinstance(part.this, exp.Column):
        return span.after(_moment(part.args["low"], zone)).before(_moment(part.args["high"], zone) + 1)
    mirrored: dict[type[exp.Expr], type[exp.Expr]] = {
        exp.GT: exp.LT,
        exp.GTE: exp.LTE,
        exp.LT: exp.GT,
        exp.LTE: exp.GTE,
        exp.EQ: exp.EQ,
    }
    if len(names) == 1 and isinstance(part, exp.Binary) and type(part) in mirrored:
        left, right = part.left, part.right
        kind: type[exp.Expr] = type(part)
        if isinstance(right, exp.Column):
            left, right, kind = right, left, mirrored[kind]
        if isinstance(left, exp.Column) and left.name in time:
            moment = _moment(right, zone)
            if kind in (exp.GT, exp.GTE):
                return span.after(moment + (kind is exp.GT))
            if kind in (exp.LT, exp.LTE):
                return span.before(moment + (kind is exp.LTE))
            return span.after(moment).before(moment + 1)
    raise WrongUse.of(
        "time-condition",
        f"{part.sql(dialect='duckdb')} is no plain comparison of the time with a moment.",
        hint="Write time >= '2013-02-08' and time < '2013-02-10', joined by AND.",
    )


def _moment(node: exp.Expr, zone: str) -> int:
    from sqlglot import exp

    node = node.this if isinstance(node, exp.Cast) else node
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise WrongUse.of(
            "time-literal",
            f"{node.sql(dialect='duckdb')} is no moment that can be read.",
            hint="Write it as text, such as '2013-02-08' or '2013-02-08 14:30'.",
        )
    now = calendar.from_us(0)  # relative words are refused in SQL: a statement means the same tomorrow
    return parse_moment(node.this.replace(" ", "T", 1), now=now, zone=zone)[0]
