"""Which rollup answers a request: named checks, each with its reason; the cheapest of those that pass them all wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lapwing.cache.definition import Definition
from lapwing.cache.manifest import Manifest
from lapwing.cache.partition import Partition
from lapwing.cache.predicate import And, In, Predicate, dimensions
from lapwing.cache.request import StateRequest
from lapwing.model.calendar import utc_iso
from lapwing.model.receipt import Considered, Reason


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A rollup that can answer, with the manifest it was judged by."""

    definition: Definition
    manifest: Manifest
    partitions: tuple[Partition, ...]
    reasons: tuple[Reason, ...]
    keys: float


def check_measures(definition: Definition, measures: tuple[str, ...]) -> Reason:
    lacking = [name for name in measures if name not in definition.states]
    if lacking:
        why = [definition.refused[name] for name in lacking if name in definition.refused]
        says = " ".join([f"It does not keep {_listed(lacking)}.", *why])
        return Reason(check="measures", passed=False, says=says)
    return Reason(check="measures", passed=True, says="It keeps every measure asked.")


def check_dimensions(definition: Definition, by: tuple[str, ...]) -> Reason:
    lacking = [name for name in by if name not in definition.rollup.dimensions]
    if lacking:
        return Reason(check="dimensions", passed=False, says=f"It does not keep {_listed(lacking)}.")
    return Reason(check="dimensions", passed=True, says="It keeps every dimension asked.")


def check_filters(definition: Definition, names: tuple[str, ...]) -> Reason:
    lacking = [name for name in names if name not in definition.rollup.dimensions]
    if lacking:
        return Reason(
            check="filters", passed=False, says=f"It can't filter by {_listed(lacking)}, which it does not keep."
        )
    return Reason(check="filters", passed=True, says="It keeps every dimension filtered by.")


def check_grain(definition: Definition, request: StateRequest) -> Reason:
    """Every border asked must be a border of the rollup's buckets: the check of grain, zone and range in one."""
    off = np.flatnonzero(request.edges % definition.grain)
    grain = definition.rollup.grain
    if len(off):
        border = utc_iso(int(request.edges[off[0]]))
        says = f"The border {border} is not one of its buckets of {grain} (UTC)"
        return Reason(check="grain", passed=False, says=f"{says}: that zone, grain or time needs finer ones.")
    return Reason(check="grain", passed=True, says=f"Every border asked is one of its buckets of {grain}.")


def check_definition(definition: Definition, manifest: Manifest | None) -> Reason:
    if manifest is None or not manifest.leaves:
        return Reason(check="definition", passed=False, says="It was not built as it is defined now.")
    return Reason(check="definition", passed=True, says=f"It was built as it is defined now ({definition.hash}).")


def check_range(manifest: Manifest, partitions: Sequence[Partition], request: StateRequest) -> Reason:
    """Every partition between the asked borders must be there, as far as the source has data."""
    if manifest.data_start is None or manifest.goal is None:
        return Reason(check="range", passed=True, says="The source has no data.")
    low = max(int(request.edges[0]), manifest.data_start)
    high = min(int(request.edges[-1]), manifest.goal)
    at = low
    for partition in partitions:
        if at >= high or partition.start > at:
            break
        at = max(at, partition.data_end)
    if at < high:
        says = f"It is not built from {utc_iso(at)} on; a build will complete it."
        for bad in manifest.quarantined(at, at + 1):
            says = f"It is in quarantine from {utc_iso(bad.start)} to {utc_iso(bad.end)}: {bad.quarantined}"
        return Reason(check="range", passed=False, says=says)
    return Reason(check="range", passed=True, says="It is built for all of the asked time that has data.")


def route(
    request: StateRequest, definitions: Sequence[Definition], manifests: Mapping[bytes, Manifest | None]
) -> tuple[Route | None, tuple[Considered, ...]]:
    """The way to answer `request` from one of the dataset's rollups, and what was considered; a rollup that fails tells
    its first failing check. `manifests` are by key."""
    filters = tuple(dict.fromkeys(dimensions(request.where))) if request.where else ()
    failed, candidates = _static(tuple(definitions), request.measures, request.by, filters)
    grains: dict[int, Reason] = {}
    routes: list[Route] = []
    considered = list(failed)
    for definition, reasons in candidates:
        grain = grains.get(definition.grain) or check_grain(definition, request)
        grains[definition.grain] = grain
        manifest = manifests.get(definition.manifest_key)
        built = check_definition(definition, manifest)
        if manifest is None or not (grain.passed and built.passed):
            considered.append(
                Considered(rollup=definition.name, chosen=False, reasons=(built if grain.passed else grain,))
            )
            continue
        partitions = manifest.overlapping(int(request.edges[0]), int(request.edges[-1]))
        covered = check_range(manifest, partitions, request)
        if not covered.passed:
            considered.append(Considered(rollup=definition.name, chosen=False, reasons=(covered,)))
            continue
        keys = sum(_estimate(definition, partition, request.where) for partition in partitions)
        routes.append(Route(definition, manifest, partitions, (built, *reasons, grain, covered), keys))
    if not routes:
        return None, tuple(considered)
    best = min(routes, key=lambda one: (one.keys, -one.definition.grain))
    for one in routes:
        says = f"About {one.keys:.0f} keys to read" + ("." if one is best else f"; {best.definition.name} reads fewer.")
        cost = Reason(check="cost", passed=one is best, says=says)
        name = one.definition.name
        considered.append(Considered(rollup=name, chosen=one is best, reasons=(*one.reasons, cost)))
    considered.sort(key=lambda one: not one.chosen)
    return best, tuple(considered)


@lru_cache(maxsize=1024)
def _static(
    definitions: tuple[Definition, ...], measures: tuple[str, ...], by: tuple[str, ...], filters: tuple[str, ...]
) -> tuple[tuple[Considered, ...], tuple[tuple[Definition, tuple[Reason, ...]], ...]]:
    """The checks that depend on names alone, kept for the next request of the same shape."""
    failed: list[Considered] = []
    passed: list[tuple[Definition, tuple[Reason, ...]]] = []
    for definition in definitions:
        reasons = (
            check_measures(definition, measures),
            check_dimensions(definition, by),
            check_filters(definition, filters),
        )
        first = next((reason for reason in reasons if not reason.passed), None)
        if first is None:
            passed.append((definition, reasons))
        else:
            failed.append(Considered(rollup=definition.name, chosen=False, reasons=(first,)))
    return tuple(failed), tuple(passed)


def _estimate(definition: Definition, partition: Partition, where: Predicate | None) -> float:
    """Keys to read: those of the partition, narrowed by each plain list of values."""
    parts = where.operands if isinstance(where, And) else (where,)
    keys = float(partition.keys)
    places = {name: place for place, name in enumerate(definition.rollup.dimensions)}
    for part in parts:
        if isinstance(part, In) and partition.distinct:
            keys *= min(1.0, len(part.values) / max(partition.distinct[places[part.dimension]], 1))
    return keys


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
