"""`measure(x) FILTER (WHERE origin = 'EWR')`: a metric of those rows of each group that a condition over dimensions keeps.

Each condition is a metric query of its own, with the same groups and buckets as the SELECT's; its columns are put beside the
SELECT's own. A group without such rows has 0 of sums and counts (or the measure's `fill`), and null of all else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from lapwing.model.dataset import Aggregation, Dataset
from lapwing.model.problem import WrongUse
from lapwing.query.ask import MetricQuery
from lapwing.query.grid import filled
from lapwing.query.metric_tree import Written
from lapwing.query.metric_value import Ask
from lapwing.query.metric_where import Reader, TimeSpan
from lapwing.sources.quote import identifier

if TYPE_CHECKING:
    from sqlglot import exp

    from lapwing.query.answer import Answer

_NOTHING: Final = frozenset({Aggregation.SUM, Aggregation.COUNT, Aggregation.DISTINCT})
"""Of no rows these are 0."""


@dataclass(slots=True)
class Filters:
    """What a SELECT over `dataset` filters: `asked` are the columns of the answer, by condition and metric."""

    dataset: Dataset
    asked: dict[tuple[str, str], str] = field(default_factory=dict)

    def column(self, metric: str, node: exp.Filter, reader: Reader, written: Written) -> str:
        """The answer's column of a metric under a FILTER.

        Raises:
            WrongUse: its condition is about more than dimensions.
        """
        time, condition = reader.split(node.expression.this)
        if time != TimeSpan() or condition is None:
            says = "FILTER over metrics keeps rows by dimensions, not by time."
            hint = "Ask for each stretch of time in a SELECT of its own, and join their results."
            raise WrongUse.of("time-in-filter", says, place=written.place(node.expression), hint=hint)
        return self.asked.setdefault((condition, metric), f"{self.dataset.name}.{metric} filter {len(self.asked)}")

    def beside(
        self, table: pa.Table, query: MetricQuery, answer: Callable[[MetricQuery], Answer], ask: Ask
    ) -> tuple[pa.Table, list[Answer]]:
        """`table`, the answer of `query`, with the filtered metrics beside its own, and what answered these."""
        answers: list[Answer] = []
        for condition in dict.fromkeys(condition for condition, _ in self.asked):
            columns = {metric: name for (one, metric), name in self.asked.items() if one == condition}
            metrics = tuple(f"{self.dataset.name}.{metric}" for metric in columns)
            where = condition if query.where is None else f"({query.where}) AND ({condition})"
            answers.append(answer(replace(query, metrics=metrics, where=where)))
            kept = answers[-1].table
            keys = [name for name in kept.column_names if name not in metrics]
            shown = [
                f"b.{identifier(f'{self.dataset.name}.{metric}')} AS {identifier(name)}"
                for metric, name in columns.items()
            ]
            same = " AND ".join(f"a.{identifier(one)} IS NOT DISTINCT FROM b.{identifier(one)}" for one in keys)
            text = f"SELECT a.*, {', '.join(shown)} FROM given.a AS a LEFT JOIN given.b AS b ON {same or 'true'}"
            table = ask(text, {"a": table, "b": kept})
            for metric, name in columns.items():
                table = table.set_column(table.column_names.index(name), name, self._shown(metric, table.column(name)))
        return table, answers

    def _shown(self, metric: str, values: pa.ChunkedArray) -> pa.Array:
        """The values, with what the measure has of no rows in the place of none."""
        measure, values = self.dataset.measures.get(metric), values.combine_chunks()
        if measure is None or (measure.fill is None and measure.aggregation not in _NOTHING):
            return values
        missing = values.is_null().to_numpy(zero_copy_only=False)
        return filled(values, missing, measure.fill or 0, measure)
