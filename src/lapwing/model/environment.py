"""Environments: the same project in several homes, such as one machine and the cloud.

Under `environments:` each has a name and the keys that differ in it. The chosen one is laid over the file before anything
else is read: its sources take the places of those of the same names, any other key of it takes the key's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lapwing.model.names import nearest
from lapwing.model.positions import Located, Location
from lapwing.model.problem import Problem

VARIABLE = "LAPWING_ENVIRONMENT"
KEY = "environments"
_BY_NAME = ("sources", "channels")  # mappings of names, of which an environment may replace some


def laid_over(located: Located, name: str) -> tuple[Located, list[Problem]]:
    """The file as it is in the environment `name`; as it was, and why, where it has none of that name."""
    every = located.data.get(KEY)
    names = list(every) if isinstance(every, Mapping) else []
    if name not in names:
        says = f"The project has no environment {name}."
        hint = f"It has {', '.join(names)}." if names else f"Write one under {KEY}:, or leave it out."
        return located, [Problem("unknown-environment", says, located.key(KEY), nearest(name, names), hint)]
    own = every[name] if isinstance(every, Mapping) else None
    if not isinstance(own, Mapping):
        return located, []  # a mistake that the reading of the document tells
    for key, value in own.items():
        if key in _BY_NAME and isinstance(value, Mapping):
            for each, item in value.items():
                located = _replaced(located, (KEY, name, key, each), (key, each), item)
        else:
            located = _replaced(located, (KEY, name, key), (key,), value)
    return located, []


def _replaced(located: Located, origin: Location, target: Location, value: Any) -> Located:
    """The file with `value` and its places at `target`, as they are at `origin`."""

    def moved(places: Mapping[Location, Any]) -> dict[Location, Any]:
        kept = {location: place for location, place in places.items() if location[: len(target)] != target}
        own = {
            target + location[len(origin) :]: place
            for location, place in places.items()
            if location[: len(origin)] == origin
        }
        return {**kept, **own}

    return Located(
        file=located.file,
        data=_with(located.data, target, value),
        keys=moved(located.keys),
        values=moved(located.values),
        plain=frozenset(moved(dict.fromkeys(located.plain))),
    )


def _with(data: Mapping[str, Any], target: Location, value: Any) -> dict[str, Any]:
    key = str(target[0])
    if len(target) == 1:
        return {**data, key: value}
    inner = data.get(key)
    return {**data, key: _with(inner if isinstance(inner, Mapping) else {}, target[1:], value)}
