"""Writes docs/reference from the code: the command line, the modelling language, the HTTP API.

python -m tools.reference            writes the pages
python -m tools.reference --check    says which are out of date, and fails if any is
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- Made by `make docs` from the code. Do not edit. -->\n\n"
COMMANDS = ("query", "sql", "build", "check", "catalog", "init", "serve")


def main() -> None:
    """Writes or checks every page."""
    pages = {"cli.md": _cli(), "model.md": _model(), "http.md": _http()}
    if "--check" in sys.argv:
        old = [name for name, text in pages.items() if not _same(FOLDER / name, NOTE + text)]
        sys.exit(f"Out of date: {', '.join(old)}. Run `make docs`." if old else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(NOTE + text)


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def _cli() -> str:
    parts = ["# The command line\n\n", _block(_help()), "\n"]
    for command in COMMANDS:
        parts += [f"\n## lapwing {command}\n\n", _block(_help(command)), "\n"]
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

    schema = json_schema()
    parts = ["# The modelling language, key by key\n\nThe same as JSON Schema: `python -m lapwing.model.schema`.\n"]
    for name, definition in sorted(schema.get("$defs", {}).items()):
        if not definition.get("properties"):
            continue
        parts.append(f"\n## {_words(name)}\n\n")
        if definition.get("description"):
            parts.append(f"{_line(definition['description'])}\n\n")
        parts.append("| key | type | meaning |\n|---|---|---|\n")
        required = definition.get("required", [])
        for key, value in definition["properties"].items():
            must = " (required)" if key in required else ""
            parts.append(f"| `{key}`{must} | {_type(value)} | {_line(value.get('description', ''))} |\n")
    return "".join(parts)


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
        return ", ".join(f"`{one}`" for one in value["enum"])
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
    from lapwing.server.openapi import document

    parts = ["# The HTTP API\n\nThe same as OpenAPI: `GET /api/openapi.json`. Errors are RFC 9457 problems.\n\n"]
    parts.append("| | | |\n|---|---|---|\n")
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            parts.append(f"| `{method.upper()}` | `{path}` | {_line(operation.get('summary', ''))} |\n")
    return "".join(parts)


if __name__ == "__main__":
    main()
