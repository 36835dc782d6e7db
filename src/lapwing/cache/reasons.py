"""Why each rollup answers or does not, check by check; worked out when somebody reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lapwing.cache.cover import Cover, usable
from lapwing.cache.definition import STILL_CONVERTED, Definition
from lapwing.cache.predicate import listed
from lapwing.cache.request import StateRequest
from lapwing.cache.route import Part, Route, spanning
from lapwing.cache.shape import Shape
from lapwing.cache.times import minus, one
from lapwing.model.calendar import utc_iso
from lapwing.model.receipt import Considered, Reason


def nearest_first(definitions: Sequence[Definition], route: Route) -> list[Definition]:
    """Those that answer, then those that keep what is asked, the cheapest first, then the others."""
    near = [*(part.definition for part in route.parts), *(cover.definition for cover in route.row.covers)]
    return list(dict.fromkeys((*near, *definitions)))


def reasons_of(
    request: StateRequest, shape: Shape, definitions: Sequence[Definition], covers: Iterable[Cover], route: Route
) -> tuple[Considered, ...]:
    """The checks on each of `definitions`, those that answer first; `covers` are what is kept of them."""
    built = {cover.definition: cover for cover in covers}
    chosen = [part.definition for part in route.parts]
    found = [
        Considered(
            rollup=one.name,
            chosen=one in chosen,
            reasons=tuple(_checks(request, shape, one, built.get(one), route)),
        )
        for one in definitions
    ]
    return tuple(sorted(found, key=lambda one: (not one.chosen, sum(not reason.passed for reason in one.reasons))))


def _checks(
    request: StateRequest, shape: Shape, definition: Definition, cover: Cover | None, route: Route
) -> Iterable[Reason]:
    yield check_measures(definition, shape.measures)
    yield check_dimensions(definition, shape.by)
    yield check_filters(definition, shape.filters)
    yield check_grain(definition, request)
    yield check_definition(definition, cover)
    if cover is None:
        return
    covered = check_range(cover, request, route)
    yield covered
    served = [part for part in route.parts if part.cover is cover]
    if served or (covered.passed and definition in shape.whole and check_grain(definition, request).passed):
        yield _cost(cover, request, route, served)


def check_measures(definition: Definition, measures: Sequence[str]) -> Reason:
    lacking = [name for name in measures if name not in definition.states]
    if lacking:
        known = definition.bound.dataset.measures
        why = [definition.refused[name] for name in lacking if name in definition.refused]
        why += [STILL_CONVERTED for _ in [name for name in lacking if known[name].followed is not None][:1]]
        return Reason(check="measures", passed=False, says=" ".join([f"It does not keep {', '.join(lacking)}.", *why]))
    return Reason(check="measures", passed=True, says="It keeps every measure asked.")


def check_dimensions(definition: Definition, by: Sequence[str]) -> Reason:
    lacking = [name for name in by if name not in definition.rollup.dimensions]
    if lacking:
        return Reason(check="dimensions", passed=False, says=f"It does not keep {', '.join(lacking)}.")
    return Reason(check="dimensions", passed=True, says="It keeps every dimension asked.")


def check_filters(definition: Definition, names: Sequence[str]) -> Reason:
    lacking = [name for name in names if name not in definition.rollup.dimensions]
    if lacking:
        says = f"It can't filter by {', '.join(lacking)}, which it does not keep."
        return Reason(check="filters", passed=False, says=says)
    return Reason(check="filters", passed=True, says="It keeps every dimension filtered by.")


def check_grain(definition: Definition, request: StateRequest) -> Reason:
    """Every border asked should be a border of the rollup's buckets: the check of grain, zone and range in one."""
    off = np.flatnonzero(request.edges % definition.grain)
    grain = definition.rollup.grain
    if not len(off):
        return Reason(check="grain", passed=True, says=f"Every border asked is one of its buckets of {grain}.")
    border = utc_iso(int(request.edges[off[0]]))
    says = f"The border {border} is not one of its buckets of {grain} (UTC)"
    inside = usable(spanning(request), definition.grain, request.edges, aligned=False)
    serves = (
        "the time around such borders needs finer ones" if len(inside) else "that zone, grain or time needs finer ones"
    )
    return Reason(check="grain", passed=False, says=f"{says}: {serves}.")


def check_definition(definition: Definition, cover: Cover | None) -> Reason:
    if cover is None:
        return Reason(check="definition", passed=False, says="It was not built as it is defined now.")
    return Reason(check="definition", passed=True, says=f"It was built as it is defined now ({definition.hash}).")


def check_range(cover: Cover, request: StateRequest, route: Route) -> Reason:
    """Whether it holds all of the asked time that has data, fresh enough."""
    reach = cover.reach(route.row.since, route.row.goal)
    lacking = minus(spanning(request), reach)
    if not len(lacking):
        return Reason(check="range", passed=True, says="It is built for all of the asked time that has data.")
    for bad in cover.manifest.quarantined(int(lacking[0, 0]), int(lacking[0, 1])):
        says = f"It is in quarantine from {utc_iso(bad.start)} to {utc_iso(bad.end)}: {bad.quarantined}"
        return Reason(check="range", passed=False, says=says)
    since = utc_iso(int(lacking[0, 0]))
    more = f", nor in {len(lacking) - 1} stretches after it" if len(lacking) > 1 else ""
    until = f" to {utc_iso(int(lacking[0, 1]))}" if lacking[0, 1] < request.edges[-1] else " on"
    return Reason(check="range", passed=False, says=f"{route.row.lacks} from {since}{until}{more}.")


def _cost(cover: Cover, request: StateRequest, route: Route, served: Sequence[Part]) -> Reason:
    if served:
        keys, sizes = sum(part.keys for part in served), sum(part.bytes for part in served)
        return Reason(check="cost", passed=True, says=f"About {keys:,.0f} keys and {sizes:,.0f} bytes to read.")
    share = cover.share(listed(request.where))
    start, end = int(request.edges[0]), int(request.edges[-1])
    whole = one(start, end)
    keys, sizes = (number * share for number in cover.touched(whole[:, 0], whole[:, 1]))
    chosen = " and ".join(dict.fromkeys(part.definition.name for part in route.parts))
    says = f"About {keys:,.0f} keys and {sizes:,.0f} bytes to read"
    return Reason(check="cost", passed=not chosen, says=f"{says}; {chosen} reads less." if chosen else f"{says}.")
