"""What a SELECT over `metrics.<dataset>` groups by: dimensions as they are, and expressions over dimensions.

Keys are what is selected, or written after GROUP BY, and is neither a metric nor about time. An expression over
dimensions that are keys themselves, as upper(origin) beside origin, makes no other groups.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lapwing.model.dataset import Dataset
from lapwing.model.problem import WrongUse
from lapwing.query.metric_tree import Written, as_written, columns, own
from lapwing.query.regroup import Regroup

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(slots=True)
class Keys:
    """`plain`: dimensions as they are. `made`: expressions, each with the column of the answer that holds it."""

    plain: dict[str, None] = field(default_factory=dict)
    made: list[tuple[exp.Expr, str]] = field(default_factory=list)
    explicit: bool = False
    """The statement says what it groups by."""

    def column(self, node: exp.Expr) -> str | None:
        """The column of the answer that holds the expression `node`."""
        return next((name for one, name in self.made if one == node), None)

    @property
    def read(self) -> tuple[str, ...]:
        """The dimensions to be read."""
        inside = (column.name for one, _ in self.made for column in columns(one))
        return tuple(dict.fromkeys((*self.plain, *inside)))

    def regroup(self, kept: Collection[str]) -> Regroup | None:
        """How groups are made of those that are read; `kept` are columns of these that stay as they are."""
        if not self.made:
            return None
        made = tuple((name, one.sql(dialect="duckdb")) for one, name in self.made)
        return Regroup(kept=tuple(kept), made=made)


def keys_of(select: exp.Select, dataset: Dataset, written: Written) -> Keys:
    """
    Raises:
        WrongUse: it asks for subtotals, or for groups of times and dimensions mixed.
    """
    from sqlglot import exp

    group = select.args.get("group")
    grouped = _grouped(select, group, written)
    shown = [one.unalias() for one in select.expressions]
    keys = Keys(explicit=bool(grouped))
    for node in (*shown, *grouped):
        plain = node.unnest()
        if isinstance(plain, exp.Column) and plain.name in dataset.dimensions and not plain.table:
            keys.plain[plain.name] = None
    for node in (*shown, *grouped):
        inside = {column.name for column in columns(node)}
        if isinstance(node.unnest(), exp.Column) or not inside & set(dataset.dimensions) or not _is_key(node, dataset):
            continue
        if inside <= set(keys.plain) or keys.column(node) is not None:
            continue
        if inside & {dataset.time.column, "time"} - set(dataset.dimensions):
            if inside & set(dataset.dimensions) <= set(keys.plain):
                continue  # how it is about time is looked at there
            says = f"{as_written(node)} groups by time and dimensions mixed."
            hint = "Select the dimension and date_trunc('day', ...) by themselves, and put them together outside."
            raise WrongUse.of("mixed-key", says, place=written.place(node), hint=hint)
        keys.made.append((node.copy(), f"key {len(keys.made)}"))
    return keys


def _grouped(select: exp.Select, group: exp.Group | None, written: Written) -> Sequence[exp.Expr]:
    """What is written after GROUP BY, without numbers and names of what is selected."""
    from sqlglot import exp

    if group is None:
        return ()
    if group.find(exp.Rollup, exp.Cube, exp.GroupingSets) or group.args.get("totals"):
        raise WrongUse.of(
            "subtotals",
            "A SELECT over metrics has one set of groups: no ROLLUP, CUBE or GROUPING SETS.",
            place=written.place(group),
            hint="Ask for each total in a SELECT of its own, joined by UNION ALL.",
        )
    shown = [one.unalias() for one in select.expressions]
    return [one for one in group.expressions if not isinstance(one, exp.Literal) and one not in shown]


def _is_key(node: exp.Expr, dataset: Dataset) -> bool:
    from sqlglot import exp

    for one in own(node):
        if isinstance(one, exp.AggFunc | exp.Window):
            return False
        if isinstance(one, exp.Anonymous) and one.name.lower() == "measure":
            return False
        if isinstance(one, exp.Column) and one.name in dataset.metrics and one.name not in dataset.dimensions:
            return False
    return True
