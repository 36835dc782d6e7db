"""The values a dimension has: from a rollup's vocabulary or directories, else from the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Partition
from lapwing.cache.read import Reader
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.vocabulary import texts_of
from lapwing.model.problem import StoreError
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService


class DimensionValues:
    """Looks values up, for a `Cache`. Safe to use from several threads."""

    def __init__(self, sql: SqlService, store: RollupStore, reader: Reader) -> None:
        self._sql = sql
        self._store = store
        self._reader = reader

    def of(
        self,
        bound: BoundDataset,
        definitions: Sequence[Definition],
        manifests: Mapping[bytes, Manifest | None],
        dimension: str,
        prefix: str,
        limit: int,
    ) -> tuple[object, ...]:
        """Up to `limit` values whose text begins with `prefix`, letters' case aside, in order (texts in that of their
        lower case); null is left out."""
        text = bound.dimensions[dimension] == "VARCHAR"
        for definition, partitions in _built(definitions, manifests, dimension):
            try:
                if text:
                    return tuple(texts_of(self._store, definition, partitions, dimension, prefix, limit))
                return _first(self._in_directories(definition, partitions, dimension), prefix, limit, text)
            except StoreError:
                continue
        asked = f"SELECT DISTINCT {bound.expressions[dimension]} AS value FROM {bound.relation}"
        return _first(self._sql.table(asked).column("value").combine_chunks(), prefix, limit, text)

    def _in_directories(self, definition: Definition, partitions: Sequence[Partition], dimension: str) -> pa.Array:
        columns = [self._reader.directory(definition, partition).columns[dimension] for partition in partitions]
        return pc.unique(pa.concat_arrays([column.coded.values.arrow for column in columns]))


def _built(
    definitions: Sequence[Definition], manifests: Mapping[bytes, Manifest | None], dimension: str
) -> Iterator[tuple[Definition, list[Partition]]]:
    """The built rollups that keep the dimension, the one with the fewest groups first."""
    found = [
        (definition, [one for one in manifest.partitions if one.keys and not one.quarantined])
        for definition in definitions
        if dimension in definition.rollup.dimensions
        and (manifest := manifests.get(definition.manifest_key)) is not None
    ]
    yield from sorted(
        ((definition, partitions) for definition, partitions in found if partitions),
        key=lambda one: sum(partition.keys for partition in one[1]),
    )


def _first(values: pa.Array, prefix: str, limit: int, text: bool) -> tuple[object, ...]:
    values = values.drop_null()
    lower = pc.utf8_lower(pc.cast(values, pa.string()))
    if prefix:
        begins = pc.starts_with(lower, pc.utf8_lower(pa.scalar(prefix)).as_py())
        values, lower = values.filter(begins), lower.filter(begins)
    table = pa.table({"lower": lower if text else values, "value": values})
    order = pc.sort_indices(table, sort_keys=[("lower", "ascending"), ("value", "ascending")])
    return tuple(values.take(order).slice(0, limit).to_pylist())
