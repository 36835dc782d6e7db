"""The OpenAPI document: FastAPI's, with problem documents for errors and the hot route, which FastAPI does not see."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from lapwing.server.documents.asked import QueryAnswer, QueryBody
from lapwing.server.documents.base import ProblemDocument
from lapwing.server.encode.stream import MEDIA_TYPES
from lapwing.server.problem import MEDIA_TYPE
from lapwing.server.routes.answer import FORMATS

_REF = "#/components/schemas/{model}"
_STATUSES = {"400": "Wrong use", "404": "Not found", "422": "It cannot be answered", "500": "Unexpected"}
_MORE = {
    "401": "Token needed",
    "403": "Not allowed from there",
    "405": "Not done here",
    "409": "Conflict",
    "413": "Too large",
    "415": "Not JSON",
    "429": "Too much is asked at once",
    "499": "Cancelled",
    "502": "A source failed",
    "504": "Too slow",
}


def install(app: FastAPI) -> None:
    """Makes `app.openapi` give the whole document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, summary="Metrics, SQL, alerts.", routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    models = (QueryBody, QueryAnswer, ProblemDocument)
    _, defs = models_json_schema([(model, "serialization") for model in models], ref_template=_REF)
    for name, schema in defs["$defs"].items():
        schemas.setdefault(name, schema)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["paths"]["/api/query"] = {"post": _query_operation()}
    for path, operations in made["paths"].items():
        for operation in operations.values():
            responses = operation["responses"]
            responses.pop("422", None)
            for status, description in {**_STATUSES, **_MORE}.items():
                content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="ProblemDocument")}}}
                responses[status] = {"description": description, "content": content}
            operation.setdefault("operationId", path)
    return made


def _query_operation() -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": _REF.format(model="QueryAnswer")}}}
    for form in FORMATS:
        content[MEDIA_TYPES[form].partition(";")[0]] = {}
    return {
        "tags": ["metrics"],
        "summary": "Answer Query",
        "description": "Answers metrics by dimensions and grain, with a receipt.",
        "operationId": "answer_query",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(model="QueryBody")}}},
        },
        "responses": {"200": {"description": "The answer, in the format that Accept names.", "content": content}},
    }
