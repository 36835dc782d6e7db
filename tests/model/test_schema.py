"""The JSON Schema says what the files may hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs  # comes with schemathesis
import pytest

from lapwing.model.positions import read
from lapwing.model.schema import json_schema

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"

DATASET = {
    "dataset": "flights",
    "table": "files.flights",
    "time": {"column": "scheduled"},
    "complete_after": "2 hours",
    "joins": {"airlines": {"table": "airline.airlines", "on": "carrier", "many_to_one": True}},
    "dimensions": {"carrier": None, "airline": {"column": "airlines.name", "synonyms": ["company"]}, "origin": {}},
    "measures": {"flights": {"count": "*"}, "delay_p90": {"quantile": "dep_delay", "q": 0.9}},
    "metrics": {"rate": {"ratio": "a / b", "format": "percent", "better": "down"}, "short": "a / b"},
    "rollups": {"main": {"grain": "15 minutes", "dimensions": ["carrier"], "partition": "month"}},
}


def valid(file: str, data: Any) -> bool:
    return jsonschema_rs.is_valid(json_schema(file), data)


def test_it_is_a_schema() -> None:
    for file in (None, "project", "dataset", "monitors"):
        assert jsonschema_rs.meta.is_valid(json_schema(file))


def test_the_language_as_designed_is_valid() -> None:
    assert valid("dataset", DATASET)
    assert jsonschema_rs.is_valid(json_schema(), DATASET)


def test_the_example_is_valid() -> None:
    files = {"project": ["lapwing.yaml"], "dataset": ["datasets/flights.yaml"]}
    for file, names in files.items():
        for name in names:
            located, problems = read(EXAMPLE / name, name)
            assert located is not None
            assert not problems
            jsonschema_rs.validate(json_schema(file), json.loads(json.dumps(located.data)))


@pytest.mark.parametrize(
    "wrong",
    [
        {**DATASET, "measure": {}},
        {**DATASET, "measures": {"a": {"avg": "x"}}},
        {**DATASET, "metrics": {"a": {"ratio": "a / b", "format": "percentage"}}},
        {**DATASET, "dimensions": ["carrier"]},
        {key: value for key, value in DATASET.items() if key != "time"},
    ],
)
def test_mistakes_are_invalid(wrong: Any) -> None:
    assert not valid("dataset", wrong)


def test_it_is_printed() -> None:
    command = [sys.executable, "-m", "lapwing.model.schema", "dataset"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == json_schema("dataset")
