"""Columns of values in JSON by their JSON Schema: the properties of an object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lapwing.model.project import Topic
from lapwing.sources.kafka_values import no_schema

_HINT: Final = "It must be a JSON Schema of an object with properties."
_TYPES: Final = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "string": "VARCHAR"}
_FORMATS: Final = {"date": "DATE", "date-time": "TIMESTAMPTZ"}
_DEEP: Final = 20
"""References that are followed, one after the other."""


def columns_in(topic: Topic, file: Path) -> Mapping[str, tuple[str, str | None, str | None]]:
    """The columns of a topic as `Topic.columns` has them. What is an object, a list, or one of several types is a text of JSON.

    Raises:
        SourceError: the file is no such schema.
    """
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        properties = _meant(told, told)["properties"]
        dotted = [name for name in properties if "." in name]
        if dotted:
            raise ValueError(f"{dotted[0]} has a point in its name")
        found = {name: (_type(one, told), None, None) for name, one in properties.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise no_schema(topic, file, error or type(error).__name__, _HINT) from error
    if not found:
        raise no_schema(topic, file, "it has no properties", _HINT)
    return found


def _type(told: Any, root: Any) -> str:
    told = _meant(told, root)
    kind = told.get("type")
    if isinstance(kind, list):
        others = [one for one in kind if one != "null"]
        kind = others[0] if len(others) == 1 else None
    if kind == "string":
        return _FORMATS.get(told.get("format", ""), "VARCHAR")
    return _TYPES.get(kind or "", "VARCHAR")


def _meant(told: Any, root: Any) -> dict[str, Any]:
    """What stands behind references, and behind a choice of null and something."""
    for _ in range(_DEEP):
        if not isinstance(told, dict):
            return {}  # true: any value
        choice = [one for one in told.get("oneOf") or told.get("anyOf") or [] if one != {"type": "null"}]
        if "$ref" in told:
            told = _pointed(told["$ref"], root)
        elif len(choice) == 1:
            told = choice[0]
        else:
            return told
    raise ValueError("its references lead in a circle")


def _pointed(reference: str, root: Any) -> Any:
    """What a reference inside of the file means."""
    if not reference.startswith("#"):
        raise ValueError(f"it refers to {reference}, which is not in the file")
    found = root
    for part in reference[1:].split("/")[1:]:
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found
