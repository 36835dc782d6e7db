"""The values a dimension has: from a rollup's directories, else from the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest
from lapwing.cache.read import Reader
from lapwing.model.problem import StoreError
from lapwing.sql.bound import BoundDataset
from lapwing.sql.service import SqlService


def distinct_values(
    sql: SqlService,
    reader: Reader,
    bound: BoundDataset,
    definitions: Sequence[Definition],
    manifests: Mapping[bytes, Manifest | None],
    dimension: str,
    prefix: str,
    limit: int,
) -> tuple[object, ...]:
    """Up to `limit` values whose text begins with `prefix`, letters' case aside, in order; null is left out."""
    values = _from_rollup(reader, definitions, manifests, dimension)
    if values is None:
        text = f"SELECT DISTINCT {bound.expressions[dimension]} AS value FROM {bound.relation}"
        values = sql.table(text).column("value").combine_chunks()
    values = values.drop_null()
    if prefix:
        starts = pc.starts_with(pc.cast(values, pa.string()), prefix, ignore_case=True)
        values = values.filter(starts)
    return tuple(values.take(pc.sort_indices(values)).slice(0, limit).to_pylist())


def _from_rollup(
    reader: Reader, definitions: Sequence[Definition], manifests: Mapping[bytes, Manifest | None], dimension: str
) -> pa.Array | None:
    """From the built rollup with the fewest groups that keeps the dimension; None where there is none."""
    built = [
        (sum(partition.keys for partition in manifest.partitions), definition, manifest)
        for definition in definitions
        if dimension in definition.rollup.dimensions
        and (manifest := manifests.get(definition.manifest_key)) is not None
    ]
    for _, definition, manifest in sorted(built, key=lambda one: one[0]):
        held = [partition for partition in manifest.partitions if partition.keys and not partition.quarantined]
        try:
            columns = [reader.directory(definition, partition).columns[dimension] for partition in held]
        except StoreError:
            continue
        if columns:
            return pc.unique(pa.concat_arrays([column.coded.values.arrow for column in columns]))
    return None
