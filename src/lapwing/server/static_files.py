"""The built UI: hashed assets for ever, the page fresh each time, every other path is the page's own affair."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lapwing</title>
<h1>Lapwing is running</h1>
<p>This installation has no built pages. In a clone of the repository, <code>make setup</code> builds them.</p>
<p>The HTTP API answers: <a href="/api/docs">its operations</a>.</p></html>"""


def folder() -> Path:
    return Path(str(files("lapwing.server"))) / "static"


def install(app: FastAPI, root: Path) -> None:
    """Serves `root` under everything that is not /api."""
    root = root.resolve()

    async def page(request: Request) -> Response:
        path = request.path_params["path"]
        if "\0" in path:
            raise HTTPException(404)
        if path == "api" or path.startswith("api/"):
            raise HTTPException(404)
        wanted = (root / path).resolve()
        if not wanted.is_relative_to(root):
            raise HTTPException(404)
        if path and wanted.is_file():
            hashed = path.startswith("assets/")
            return FileResponse(wanted, headers={"cache-control": FOREVER if hashed else "no-cache"})
        if path.startswith("assets/"):
            raise HTTPException(404)
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(_NOT_BUILT, headers={"cache-control": "no-store"})
        return FileResponse(index, headers={"cache-control": "no-cache"})

    app.router.routes.append(Route("/{path:path}", page, methods=["GET"], include_in_schema=False))
