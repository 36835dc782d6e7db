"""Names: what may be one, and that none means two things."""

from __future__ import annotations

from collections.abc import Iterator

from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.read import Draft
from lapwing.model.names import NAME
from lapwing.model.positions import Location
from lapwing.model.problem import Place, Problem

RESERVED_SOURCES = frozenset({"metrics", "given", "system", "temp", "information_schema", "pg_catalog"})
_HINT = "Take letters, digits and underscores, and begin with a letter."


def bad_name(name: str, place: Place) -> Iterator[Problem]:
    """A name is a plain word, so that it needs no quotes anywhere."""
    if not NAME.match(name):
        yield Problem("bad-name", f"{name!r} can't be a name.", place, hint=_HINT)


def names(draft: Draft[DatasetDocument]) -> Iterator[Problem]:
    """Names in a dataset: dimensions, measures and metrics share one set, in which letters' case does not count."""
    document, located = draft.document, draft.located
    yield from bad_name(document.dataset, located.key("dataset"))
    for group in ("joins", "rollups"):
        for name in getattr(document, group):
            yield from bad_name(name, located.key(group, name))
    seen: dict[str, tuple[str, Place]] = {}
    for location in sorted(_shared(document), key=lambda at: _order(located.key(*at))):
        group, name = str(location[0]), str(location[1])
        place = located.key(*location)
        yield from bad_name(name, place)
        if name.casefold() == "time":
            says = "The name time is taken: the buckets of an answer have it."
            yield Problem("reserved-name", says, place, hint="Take another name.")
        other, first = seen.setdefault(name.casefold(), (group, place))
        if first != place:
            says = f"{name} is a {group[:-1]} here and a {other[:-1]} in line {first.line}."
            yield Problem("duplicate-name", says, place, hint=_hint(other, group))


def _shared(document: DatasetDocument) -> Iterator[Location]:
    for group in ("dimensions", "measures", "metrics"):
        for name in getattr(document, group):
            yield (group, name)


def _order(place: Place) -> tuple[int, int]:
    return place.line or 0, place.column or 0


def _hint(*groups: str) -> str:
    if set(groups) == {"measures", "metrics"}:
        return "Every measure is a metric of its own name already; rename one of them."
    return "Rename one of them."
