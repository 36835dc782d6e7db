"""How a SELECT over `metrics.<dataset>` names the time: by buckets, which are date_trunc and ::date of it, and by expressions of
these, which have to tell the buckets apart."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapwing.model.dataset import Dataset
from lapwing.model.problem import WrongUse
from lapwing.query.metric_tree import Written, as_written, columns, own

if TYPE_CHECKING:
    from sqlglot import exp


def grouped(select: exp.Select) -> list[exp.Expr]:
    """What is written after GROUP BY."""
    group = select.args.get("group")
    return [] if group is None else list(group.expressions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """`times` are the names of the dataset's time."""

    dataset: Dataset
    times: AbstractSet[str]

    def is_time(self, node: exp.Expr) -> bool:
        """The time, or that on the clocks of a zone."""
        from sqlglot import exp

        if isinstance(node, exp.AtTimeZone) and isinstance(node.args["zone"], exp.Literal):
            node = node.this
        node = node.unnest()
        return isinstance(node, exp.Column) and node.name in self.times and node.name not in self.dataset.dimensions

    def is_cut(self, node: exp.Expr) -> bool:
        """date_trunc of the time."""
        from sqlglot import exp

        return isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and self.is_time(node.this)

    def is_day(self, node: exp.Expr) -> bool:
        """The time as a date."""
        from sqlglot import exp

        return isinstance(node, exp.Cast) and node.is_type("date") and self.is_time(node.this)

    def is_bucket(self, node: exp.Expr) -> bool:
        return self.is_cut(node) or self.is_day(node)

    def beside(self, select: exp.Select) -> list[tuple[exp.Expr, str]]:
        """Selected expressions over buckets where no bucket itself is selected, each with how it is written: one that is the
        same in several buckets would have several rows."""
        from sqlglot import exp

        shown = [one.unalias() for one in select.expressions]
        if any(self.is_bucket(one) for one in shown):
            return []
        return [
            (one, as_written(one))
            for one in shown
            if not isinstance(one, exp.Window | exp.Column)
            and not any(isinstance(node, exp.AggFunc | exp.Window) for node in own(one))
            and any(self.is_bucket(node) for node in own(one))
        ]

    def check_group(self, select: exp.Select, written: Written) -> None:
        """
        Raises:
            WrongUse: GROUP BY names an expression of the time that is not selected, so that nobody would see whether it tells
                buckets apart.
        """
        from sqlglot import exp

        shown = [one.unalias() for one in select.expressions]
        for node in grouped(select):
            plain = node.unnest()
            if isinstance(plain, exp.Column) or self.is_bucket(plain) or node in shown:
                continue
            if {one.name for one in columns(plain)} & self.times:
                says = f"{as_written(node)} groups by an expression of the time that is not selected."
                hint = "Select it, too, or group by date_trunc('day', ...)."
                raise WrongUse.of("time-expression", says, place=written.place(node), hint=hint)
