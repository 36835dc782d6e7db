"""What there is: sources, tables, datasets; samples; what may be written in a statement."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lapwing.model.problem import LapwingError
from lapwing.query.ask import SqlQuery, Wishes
from lapwing.server import describe
from lapwing.server.documents.project import CatalogDocument, Completions, Sample
from lapwing.server.encode.cells import json_rows
from lapwing.server.encode.columnar import dumps
from lapwing.server.encode.types import columns
from lapwing.server.routes.project import following
from lapwing.server.services import services

router = APIRouter(tags=["catalog"], prefix="/api")
SAMPLE_ROWS = 20
FUNCTIONS = (
    "abs", "avg", "ceil", "coalesce", "concat", "contains", "corr", "count", "date_diff", "date_part", "date_trunc",
    "dense_rank", "exp", "extract", "first", "floor", "greatest", "lag", "lead", "least", "left", "length", "list", "ln",
    "log10", "lower", "ltrim", "max", "measure", "median", "min", "now", "nullif", "percent_rank", "power", "quantile_cont",
    "rank", "regexp_matches", "regexp_replace", "replace", "right", "round", "row_number", "rtrim", "sqrt", "stddev",
    "strftime", "string_agg", "substring", "sum", "time_bucket", "trim", "try_cast", "unnest", "upper", "var_samp",
)  # fmt: skip


@router.get("/catalog", response_model=CatalogDocument)
def catalog(request: Request) -> Response:
    """Everything there is. A source that does not answer says so, beside the others."""
    found = services(request)
    data = describe.catalog(found.lapwing, following(found))
    try:
        data["monitors"] = [one.as_dict() for one in found.alerts.monitor_views()]
    except LapwingError:
        data["monitors"] = []
    return Response(dumps(data), media_type="application/json")


@router.get("/catalog/tables/{path}/sample", response_model=Sample)
def sample(path: str, request: Request) -> Response:
    """A few rows of a table."""
    lapwing = services(request).lapwing
    table = lapwing.sql.catalog.resolve(tuple(path.split(".")))
    parts = [table.source, *([table.schema] if table.schema else []), table.name]
    name = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
    asked = SqlQuery(text=f"select * from {name} limit {SAMPLE_ROWS}", wishes=Wishes(time_limit=20.0))
    answer = lapwing.run_sql(asked)
    with answer.running:
        rows = [row for batch in answer.running for row in json_rows(batch)]
    return Response(dumps({"columns": columns(answer.running.schema), "rows": rows}), media_type="application/json")


@router.get("/sql/complete", response_model=Completions, tags=["sql"])
def completions(request: Request) -> Response:
    """What may be written in a statement."""
    lapwing = services(request).lapwing
    _, tables = describe.source_entries(lapwing)
    listed = []
    for table in tables:
        entry = describe.table_entry(lapwing, table)
        kind = lapwing.project.sources[table.source].type
        about = {"name": entry["path"], "kind": kind, "description": entry["description"]}
        listed.append({**about, "columns": entry["columns"]})
    for dataset in lapwing.project.datasets.values():
        names = [{"name": dataset.time.column, "type": "time"}]
        names += [{"name": name, "type": "dimension"} for name in dataset.dimensions]
        names += [{"name": name, "type": "metric"} for name in dataset.metrics]
        about = {"name": f"metrics.{dataset.name}", "kind": "metrics", "description": dataset.shown.description}
        listed.append({**about, "columns": names})
    metrics = [f"{d.name}.{name}" for d in lapwing.project.datasets.values() for name in d.metrics]
    data = {"tables": listed, "functions": list(FUNCTIONS), "metrics": metrics}
    return Response(dumps(data), media_type="application/json")
