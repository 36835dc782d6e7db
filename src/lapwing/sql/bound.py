"""A dataset bound to the data: its relation as SQL and the type of everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lapwing.model.dataset import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundDataset:
    """`relation` is the FROM text in Lapwing's SQL, joins included, with the base table (or the dataset's sql) aliased as
    the dataset's name. `time_column` is the time column as qualified SQL and `time_type` its engine type; `sql.time`
    turns it into UTC microseconds. `dimensions` maps names to engine types and `expressions` names to their SQL with
    columns qualified; `arguments` maps measures to the engine type of their argument (None for count(*)),
    `argument_sql` and `filters` to their SQL with columns qualified (None where there is none).
    """

    dataset: Dataset
    relation: str
    time_column: str
    time_type: str
    dimensions: Mapping[str, str]
    expressions: Mapping[str, str]
    arguments: Mapping[str, str | None]
    argument_sql: Mapping[str, str | None]
    filters: Mapping[str, str | None]
