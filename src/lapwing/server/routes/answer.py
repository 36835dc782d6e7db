"""Metric queries: POST /api/query, the hot route. A plain Starlette route, so that nothing stands between."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lapwing.model.duration import parse_duration
from lapwing.model.grain import Grain
from lapwing.model.problem import LapwingError
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery, Order, Top, Wishes
from lapwing.server.documents.asked import QueryBody
from lapwing.server.encode.columnar import columnar, dumps
from lapwing.server.encode.stream import MEDIA_TYPES, Format, encode
from lapwing.server.encode.types import type_name
from lapwing.server.filters import where
from lapwing.server.kept import Question, accepted
from lapwing.server.negotiate import wanted
from lapwing.server.problem import from_validation, of_error
from lapwing.server.services import Services, services

FORMATS = (Format.CSV, Format.ARROW, Format.PARQUET)
MOST_CONSIDERED = 8
"""Of the rollups of a dataset a receipt names so many; `POST /api/explain` tells of all."""


def query_of(body: QueryBody) -> MetricQuery:
    """The body as the question it means.

    Raises:
        WrongUse: a grain that is none, a length of time that is none, a value that can't be filtered by.
    """
    return MetricQuery(
        metrics=tuple(body.metrics),
        by=tuple(body.by),
        grain=Grain.parse(body.grain) if body.grain else None,
        start=body.start or None,
        end=body.end or None,
        zone=body.zone or None,
        where=where(body.where, body.filters),
        order=tuple(Order(name=one.name, descending=one.descending) for one in body.order),
        limit=body.limit,
        as_known_at=body.as_known_at or None,
        restated_since=body.restated_since or None,
        top=Top(count=body.top.count, metric=body.top.metric) if body.top else None,
        wishes=Wishes(
            cache=not body.no_cache,
            cache_only=body.cache_only,
            max_staleness=parse_duration(body.max_staleness).total_seconds() if body.max_staleness else None,
            exact=body.exact,
            time_limit=body.time_limit,
            maximum_bytes_billed=body.maximum_bytes_billed,
            max_age=parse_duration(body.max_age).total_seconds() if body.max_age else None,
        ),
    )


async def answer_query(request: Request) -> Response:
    """Answers POST /api/query as JSON, or as what Accept names: CSV, Arrow, Parquet."""
    found, data = services(request), await request.body()
    form = wanted(request.headers.get("accept"), FORMATS)
    try:
        query = query_of(QueryBody.model_validate_json(data))
        question = (data, accepted(request.scope))
        return await to_thread.run_sync(_answered, found, query, form, question, limiter=found.answers)
    except ValidationError as error:
        return of_error(from_validation(error.errors(), QueryBody))
    except LapwingError as error:
        return of_error(error)


def _answered(found: Services, query: MetricQuery, form: Format | None, question: Question) -> Response:
    revision = found.lapwing.revision()
    answer = found.lapwing.answer(query)
    response = _response(found, answer, form)
    found.kept.put(question, query, answer, revision, response)
    return response


def _response(found: Services, answer: Answer, form: Format | None) -> Response:
    if form is None:
        return Response(dumps(_document(found, answer)), media_type="application/json")
    headers = {"lapwing-query-id": answer.receipt.id, "content-disposition": f'attachment; filename="lapwing.{form}"'}
    table = answer.table
    if form is Format.ARROW:  # its schema has room for the receipt
        receipt = dumps(answer.receipt.as_dict(MOST_CONSIDERED))
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), "lapwing.receipt": receipt})
    content = b"".join(encode(table.schema, table.to_batches(), form))
    return Response(content, headers=headers, media_type=MEDIA_TYPES[form])


def _document(found: Services, answer: Answer) -> dict[str, Any]:
    table = answer.table
    columns = []
    for field in table.schema:
        column = {"name": field.name, "type": type_name(field.type)}
        if field.name in answer.receipt.definitions:
            column["label"] = found.lapwing.project.metric(field.name)[1].shown.label
        columns.append(column)
    receipt = answer.receipt.as_dict(MOST_CONSIDERED)
    return {"columns": columns, "rows": table.num_rows, "data": columnar(table), "receipt": receipt}
