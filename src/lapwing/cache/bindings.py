"""Datasets bound to the data, for reading what is kept.

A build puts the binding beside its rollups. While a source does not answer, or a table of it is gone, the rollups then
go on answering by the types they were built with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields

from lapwing.cache.keys import binding_key
from lapwing.cache.stores.base import RollupStore
from lapwing.model.dataset import Dataset
from lapwing.model.hashing import dataset_hash
from lapwing.model.problem import LapwingError, Problem, StoreError
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService

_FORMAT = 1
_SECONDS = 1.0  # to bind looks at the source's tables, which takes longer than to read from a rollup
_SECONDS_OF_TROUBLE = 30.0  # a source that does not answer may keep everyone waiting before it is said so


@dataclass(frozen=True, slots=True)
class Binding:
    """`trouble`: why the data could not be looked at; `bound` is then what the last build saw."""

    bound: BoundDataset
    trouble: Problem | None = None


class Bindings:
    """The bindings of a project's datasets. Safe to use from several threads."""

    def __init__(self, sql: SqlService, store: RollupStore, datasets: Mapping[str, Dataset]) -> None:
        self._sql, self._store, self._datasets = sql, store, datasets
        self._known: dict[str, tuple[float, Binding]] = {}

    def get(self, name: str, *, kept: bool = False) -> Binding:
        """The dataset as it was bound a moment ago: enough to read what is kept. To read a source, bind it anew. `kept`: no
        source is asked, as far as the dataset was bound or built before.

        Raises:
            ModelError, SourceError: it can't be bound, and was never built as it is defined now.
        """
        known = self._known.get(name)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        if kept:
            before = known[1].bound if known else self._kept(self._datasets[name])
            if before is not None:
                return Binding(before)
        dataset = self._datasets[name]
        try:
            found = Binding(self._same(self._sql.bind(dataset)))
        except LapwingError as error:
            built = self._kept(dataset)
            if built is None:
                raise
            found = Binding(built, error.problems[0])
        return self._remember(found)

    def renew(self, name: str) -> BoundDataset:
        """The dataset bound now, for a build, which leaves it in the store.

        Raises:
            ModelError, SourceError: it can't be bound.
            StoreError: no room.
        """
        bound = self._sql.bind(self._datasets[name])
        key, row = binding_key(name), _encode(bound)
        if self._store.get([key]) != [row]:
            self._store.put([(key, row)])
        return self._remember(Binding(self._same(bound))).bound

    def _same(self, bound: BoundDataset) -> BoundDataset:
        """The object known already, where it is equal: what others remember of it then stays good."""
        known = self._known.get(bound.dataset.name)
        return known[1].bound if known is not None and known[1].bound == bound else bound

    def _remember(self, binding: Binding) -> Binding:
        kept = _SECONDS if binding.trouble is None else _SECONDS_OF_TROUBLE
        self._known[binding.bound.dataset.name] = (time.monotonic() + kept, binding)
        return binding

    def _kept(self, dataset: Dataset) -> BoundDataset | None:
        try:
            (row,) = self._store.get([binding_key(dataset.name)])
        except StoreError:
            return None
        return None if row is None else _decode(row, dataset)


def _encode(bound: BoundDataset) -> bytes:
    written = {field.name: getattr(bound, field.name) for field in fields(bound) if field.name != "dataset"}
    row = {"format": _FORMAT, "dataset": dataset_hash(bound.dataset), "bound": written}
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _decode(row: bytes, dataset: Dataset) -> BoundDataset | None:
    """None where another definition, or another Lapwing, wrote it."""
    try:
        read = json.loads(row)
        if (read["format"], read["dataset"]) != (_FORMAT, dataset_hash(dataset)):
            return None
        return BoundDataset(dataset=dataset, **read["bound"])
    except (KeyError, TypeError, ValueError):
        return None
