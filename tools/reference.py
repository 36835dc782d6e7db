"""Writes docs/reference from the code: the command line, the modelling language and its JSON Schema, the HTTP API.

python -m tools.reference            writes the pages
python -m tools.reference --check    says which are out of date, and fails if any is
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Made by `make docs` from the code. Do not edit. -->\n\n"
COMMANDS = (
    "query",
    "sql",
    "build",
    "rollups",
    "incidents",
    "goals",
    "channels",
    "maintenance",
    "check",
    "catalog",
    "init",
    "serve",
)
ACTIONS = {
    "rollups": ("list", "history", "rollback", "verify"),
    "incidents": ("list", "show", "act"),
    "channels": ("list", "test", "log", "send"),
    "maintenance": ("list", "add", "end"),
}
FILES = {"project": "lapwing.yaml", "dataset": "datasets/*.yaml", "monitors": "monitors/*.yaml"}
TAGS = {
    "project": "The project",
    "catalog": "The catalog",
    "metrics": "Metrics",
    "cache": "The cache",
    "sql": "SQL",
    "queries": "Running queries",
    "alerts": "The board and its incidents",
    "deliveries": "Telling people",
}
HTTP = """# The HTTP API

Of `lapwing serve`. The same as OpenAPI: `GET /api/openapi.json`; to read and try in a browser: `/api/docs`.

Errors are RFC 9457 problems (`application/problem+json`) with `code`, `hint` and every single problem with its place.
Where the server was started with a token, send it as `Authorization: Bearer TOKEN`.
"""


def main() -> None:
    """Writes or checks every page."""
    pages = made()
    if "--check" in sys.argv:
        old = [name for name, text in pages.items() if not _same(FOLDER / name, text)]
        sys.exit(f"Out of date: {', '.join(old)}. Run `make docs`." if old else 0)
    for name, text in pages.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")


def made() -> dict[str, str]:
    """Every page by its path under docs/reference."""
    from lapwing.model.schema import json_schema

    pages = {"cli.md": NOTE + _cli(), "model.md": NOTE + _model(), "http.md": NOTE + _http()}
    schemas = {f"schema/{file}.json": json.dumps(json_schema(file), indent=2) + "\n" for file in FILES}
    return {**pages, **schemas}


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def _cli() -> str:
    parts = ["# The command line\n\n", _block(_help()), "\n"]
    for command in COMMANDS:
        parts += [f"\n## lapwing {command}\n\n", _block(_help(command)), "\n"]
        for action in ACTIONS.get(command, ()):
            parts += [f"\n### lapwing {command} {action}\n\n", _block(_help(command, action)), "\n"]
    return "".join(parts)


def _help(*command: str) -> str:
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    program = Path(sys.executable).parent / "lapwing"
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True, env=environment)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


def _model() -> str:
    from lapwing.model.schema import json_schema

    definitions = json_schema()["$defs"]
    parts = ["# The modelling language, key by key\n\n[docs/model.md](../model.md) explains it. Each file's schema: "]
    parts.append(", ".join(f"[{name}](schema/{file}.json)" for file, name in FILES.items()) + ".\n")
    shown: set[str] = set()
    for file, path in FILES.items():
        for name in _within(f"{file.capitalize()}Document", definitions):
            if name not in shown:
                shown.add(name)
                parts += _table(
                    path if name.removesuffix("Document").lower() == file else _words(name), definitions[name]
                )
    return "".join(parts)


def _within(name: str, definitions: Mapping[str, Any]) -> Iterator[str]:
    """The document and those in it, in the order of its keys."""
    yield name
    for used in re.findall(r"'#/\$defs/(\w+)'", str(definitions[name])):
        yield from _within(used, definitions)


def _table(title: str, definition: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n\n{_line(definition.get('description', ''))}\n\n"
    yield "| key | type | meaning |\n|---|---|---|\n"
    required = definition.get("required", [])
    for key, value in definition["properties"].items():
        says = _line(value.get("description", ""))
        default = value.get("default")
        if key in required:
            says = f"Required. {says}"
        elif default not in (None, "", [], {}) and default != "P0D":
            says += f" Default: `{json.dumps(default)}`."
        yield f"| `{key}` | {_type(value)} | {says.strip()} |\n"


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Document")).capitalize()


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()


def _type(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        return _words(str(value["$ref"]).rpartition("/")[2]).lower()
    if "anyOf" in value or "oneOf" in value:
        kinds = [_type(one) for one in value.get("anyOf") or value["oneOf"]]
        return " or ".join(dict.fromkeys(kind for kind in kinds if kind != "nothing"))
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"] if one != "")
    if "const" in value:
        return f"`{value['const']}`"
    kind = value.get("type", "any")
    names = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "nothing"}
    if kind == "array":
        return f"list of {_type(value.get('items', {}))}"
    if kind == "object" and isinstance(value.get("additionalProperties"), Mapping):
        return f"names with {_type(value['additionalProperties'])}"
    return names.get(kind, str(kind))


def _http() -> str:
    from lapwing.server.app import make_api

    document = make_api(None).openapi()
    schemas = document["components"]["schemas"]
    parts = [HTTP]
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            groups.setdefault(tag, []).append(_operation(method, path, operation, schemas))
    for tag in sorted(groups, key=lambda tag: (list(TAGS).index(tag) if tag in TAGS else len(TAGS), tag)):
        parts += [f"\n## {TAGS.get(tag, tag.capitalize())}\n", *groups[tag]]
    return "".join(parts)


def _operation(method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    text = [f"\n### {method.upper()} {path}\n\n{_line(operation.get('description') or operation.get('summary', ''))}\n"]
    fields = [
        (one["name"], f"in the {one['in']}", one["schema"], one.get("required", False), one.get("description", ""))
        for one in operation.get("parameters", [])
        if one["in"] != "header"
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "$ref" in content.get("schema", {}):
        body = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        fields += [
            (name, "in the body", value, name in body.get("required", []), value.get("description", ""))
            for name, value in body.get("properties", {}).items()
        ]
    if fields:
        text.append("\n| field | | type | meaning |\n|---|---|---|---|\n")
        for name, where, schema, required, says in fields:
            text.append(f"| `{name}` | {where}{', required' if required else ''} | {_type(schema)} | {_line(says)} |\n")
    return "".join(text)


if __name__ == "__main__":
    main()
