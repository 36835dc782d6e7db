"""The OpenAPI document says what is served: every route, every answer and every error has the shape it promises."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lapwing.server.app import make_api

DOCUMENT = make_api(None).openapi()
OPERATIONS: list[Any] = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]  # type: ignore[union-attr]  # it is described well
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def _cases() -> list[object]:
    """Each operation with requests as described, and those that can be asked wrongly with such, too."""
    positive, negative = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
    cases = [pytest.param(one, positive, id=f"{one.label}") for one in OPERATIONS]
    asked = [one for one in OPERATIONS if one.body or one.query]
    return [*cases, *(pytest.param(one, negative, id=f"{one.label} wrongly") for one in asked)]


@pytest.mark.parametrize(("operation", "mode"), _cases())
def test_every_route_answers_as_it_says(operation: Any, mode: GenerationMode, url: str) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=12, database=None, derandomize=True)
    def answers(case: Any) -> None:
        case.call_and_validate(base_url=url, checks=CHECKS)

    answers()


def test_every_route_is_described() -> None:
    paths = DOCUMENT["paths"]
    assert {"/api/query", "/api/sql", "/api/board", "/api/catalog", "/api/follow", "/api/health"} <= set(paths)
    for operations in paths.values():
        for operation in operations.values():
            assert operation["description"]
            assert operation["responses"]["404"]["content"]["application/problem+json"]["schema"]
