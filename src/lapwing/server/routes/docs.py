"""A page that lists the operations; all of it is served from here."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter()
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font:14px ui-monospace,monospace}summary{cursor:pointer;padding:.3rem 0}.m{display:inline-block;width:4.5rem;font-weight:600}
pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:6px}"""


@router.get("/api/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """Every operation of the API with its parameters and the shape of its body."""
    document = request.app.openapi()
    parts = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(method, path, operation))
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Lapwing API</title><style>{_STYLE}</style>'
        f"<h1>Lapwing API {escape(document['info']['version'])}</h1>"
        '<p>The whole description: <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI). Errors are '
        "<code>application/problem+json</code> (RFC 9457).</p>" + "".join(parts) + "</html>"
    )
    return HTMLResponse(page)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    lines = [f"{one['name']} ({one['in']})" for one in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if "$ref" in body:
        lines.append(f"body: {body['$ref'].rpartition('/')[2]}")
    good = [text["description"] for status, text in operation["responses"].items() if status.startswith("2")]
    says = escape(operation.get("description") or operation.get("summary") or "")
    detail = escape("\n".join([*lines, *good]))
    title = f'<span class="m">{method.upper()}</span><code>{escape(path)}</code>'
    return f"<details><summary>{title}</summary><p>{says}</p><pre>{detail}</pre></details>"
