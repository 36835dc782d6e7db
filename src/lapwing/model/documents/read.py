"""Documents out of data: every mistake as a `Problem` at its key, and as much of the document as is right.

What is wrong is taken out and the rest is read again, so that later checks see all that they can, and people all their
mistakes at once.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from lapwing.model.documents.base import Document
from lapwing.model.names import nearest
from lapwing.model.positions import Located, Location
from lapwing.model.problem import Problem

D = TypeVar("D", bound=Document)

# Words of other tools and of plain English that no likeness of letters would lead to ours.
_OTHER_WORDS = {
    "avg": "mean",
    "average": "mean",
    "median": "quantile",
    "percentile": "quantile",
    "count_distinct": "distinct",
    "unique": "distinct",
    "std": "stddev",
    "filter": "where",
    "expr": "sql",
    "expression": "sql",
    "title": "label",
    "formula": "derived",
    "rolling": "cumulative",
    "running": "cumulative",
    "trailing": "window",
    "compare": "change",
    "growth": "change",
    "offset": "against",
    "previous": "against",
    "tz": "timezone",
    "zone": "timezone",
    "url": "dsn",
    "interval": "grain",
    "granularity": "grain",
    "desc": "description",
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping of names",
    "mapping_type": "a mapping of names",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "tuple_type": "a list",
}
_NAMED = frozenset(
    {
        *("sources", "joins", "dimensions", "measures", "metrics", "rollups"),
        *("monitors", "goals", "limits", "events", "maintenance"),
    }
)
_MISSING = frozenset({"measure-aggregation", "metric-kind", "metric-or-watch", "goal-aim", "limit-side", "missing-key"})
_OTHER_VALUES = {"parquet": "files", "csv": "files", "json": "files", "file": "files", "pg": "postgres"} | {
    "mysql": "mariadb"
}
_STAND_INS: Mapping[str, Any] = {"time": {"column": "time"}, "dataset": "dataset", "name": "project"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Generic[D]):
    """What could be read of a file. `broken` holds the places whose content was left out for its mistakes, so that nobody
    calls unknown what is only wrong. `misspelt` holds the top keys that unknown ones seem to mean."""

    located: Located
    document: D
    broken: frozenset[Location]
    misspelt: frozenset[str] = frozenset()

    def is_broken(self, *location: str | int) -> bool:
        if location[0] in self.misspelt:
            return True
        return any(location[:length] in self.broken for length in range(1, len(location) + 1))


def draft(model: type[D], located: Located) -> tuple[Draft[D] | None, list[Problem]]:
    """Reads the data of a file as `model`; None where nothing of it can be used."""
    # A group whose entries were all commented out holds nothing, not a mistake.
    whole = {key: value for key, value in located.data.items() if value is not None or key not in _NAMED}
    data: dict[str, Any] = whole
    found: list[tuple[Location, Problem]] = []
    broken: set[Location] = set()
    while True:
        try:
            document = model.model_validate(data)
            meant = _meant(found)
            misspelt = frozenset(str(location[0]) for location in meant if len(location) == 1)
            read = Draft(located=located, document=document, broken=frozenset(broken), misspelt=misspelt)
            return read, [p for at, p in found if not (p.code == "missing-key" and at in meant)]
        except ValidationError as error:
            before = len(broken)
            # Unknown keys first: a missing key may be one of them, misspelt.
            errors = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
            for item in errors:
                location = _in_data(item["loc"], located)
                problem = _problem(model, located, location, item)
                if not _follows(problem, location, broken):
                    found.append((location, problem))
                broken.add(_cut(location, item["type"]))
            if len(broken) == before:
                return None, [problem for _, problem in found]
        data = dict(_without(whole, broken, ()))
        for key, stand_in in _STAND_INS.items():
            if key in model.model_fields and (key,) in broken:
                data[key] = stand_in


def _meant(found: list[tuple[Location, Problem]]) -> set[Location]:
    """The keys that unknown ones seem to stand for."""
    return {(*at[:-1], near) for at, problem in found if problem.code == "unknown-key" for near in problem.nearest}


def _follows(problem: Problem, location: Location, broken: set[Location]) -> bool:
    """Whether a problem comes of what was taken out: it is within that, or it misses what was misspelt."""
    within = any(location[: len(seen)] == seen for seen in broken)
    around = any(len(seen) > len(location) and seen[: len(location)] == location for seen in broken)
    return within or (around and bool(location) and problem.code in _MISSING)


def _in_data(location: tuple[int | str, ...], located: Located) -> Location:
    """pydantic's location without what it adds (tags of unions, "[key]"); a missing key stays as the last part."""
    known = 0
    while known < len(location) and location[: known + 1] in located.keys:
        known += 1
    rest = location[known:]
    return location[: known + 1] if len(rest) == 1 and rest[0] != "[key]" else location[:known]


def _cut(location: Location, kind: str) -> Location:
    """What to leave out: an unknown key alone, else the whole named thing."""
    if kind == "extra_forbidden":
        return location
    return location[:2] if location and location[0] in _NAMED else location[:1]


def _without(value: Any, broken: set[Location], location: Location) -> Any:
    if isinstance(value, Mapping):
        kept = {key: (*location, key) for key in value}
        return {key: _without(value[key], broken, where) for key, where in kept.items() if where not in broken}
    if isinstance(value, tuple):
        return tuple(
            _without(item, broken, (*location, index))
            for index, item in enumerate(value)
            if (*location, index) not in broken
        )
    return value


def _problem(model: type[Document], located: Located, location: Location, error: Mapping[str, Any]) -> Problem:
    place = located.key(*location)
    key = str(location[-1]) if location else ""
    context = error.get("ctx", {})
    match error["type"]:
        case "mistake":
            return Problem(context["code"], context["says"], place, tuple(context["nearest"]), context["hint"])
        case "extra_forbidden":
            valid = list(_keys(model, location[:-1]))
            other = (_OTHER_WORDS[key],) if _OTHER_WORDS.get(key) in valid else nearest(key, valid)
            hint = None if other else f"The keys here are {', '.join(valid)}."
            return Problem("unknown-key", f"There is no key {key} here.", place, other, hint)
        case "missing":
            return Problem("missing-key", f"The key {key} is missing.", place, hint=f"Add {key}:.")
        case "literal_error":
            valid = [word for word in re.findall(r"'([^']*)'", context["expected"]) if word]
            given = error["input"] if isinstance(error["input"], str) else ""
            other = (_OTHER_VALUES[given],) if _OTHER_VALUES.get(given) in valid else nearest(given, valid)
            return Problem("bad-value", f"{key} is one of {', '.join(valid)}.", place, other)
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return Problem("bad-value", f"{error['msg'].replace('Input', key)}.", place)
        case kind if kind in _EXPECTED:
            says = f"{key or 'This'} must be {_EXPECTED[kind]}, not {_kind(error['input'])}."
            return Problem("wrong-type", says, place, hint=_quote_hint(kind, error["input"]))
    return Problem("bad-value", f"{key}: {error['msg']}.", place)


def _quote_hint(kind: str, value: object) -> str | None:
    return "Quote it." if kind == "string_type" and isinstance(value, int | float) else None


def _kind(value: object) -> str:
    """What a value is, in words; never the value itself, which may be a secret."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case tuple() | list():
            return "a list"
    return "a mapping"


def _keys(model: type[Document], location: Location) -> Iterator[str]:
    """The keys that may stand in the mapping at `location`."""
    found: Any = model
    for part in location:
        found = _model(found)
        if isinstance(found, type) and issubclass(found, BaseModel):
            found = found.model_fields[str(part)].annotation if str(part) in found.model_fields else None
        else:  # a mapping of names or a list: its last argument says what is in it
            inner = [argument for argument in typing.get_args(found) if argument is not Ellipsis]
            found = inner[-1] if inner else None
    found = _model(found)
    if isinstance(found, type) and issubclass(found, BaseModel):
        for name, field in found.model_fields.items():
            if field.annotation is not Any:  # those are understood only to be refused
                yield field.alias or name


def _model(annotation: Any) -> Any:
    """What an annotation is about, without Annotated and without None."""
    while True:
        if typing.get_origin(annotation) is Annotated:
            annotation = typing.get_args(annotation)[0]
        elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
            annotation = next(a for a in typing.get_args(annotation) if a is not types.NoneType)
        else:
            return annotation
