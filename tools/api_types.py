"""Writes ui/src/api/schema.ts: the JSON of the HTTP API as TypeScript types, from the server's OpenAPI document.

python -m tools.api_types            writes it
python -m tools.api_types --check    fails if it is out of date
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "ui" / "src" / "api" / "schema.ts"
NOTE = "/** The JSON of Lapwing's HTTP API. Made by `python -m tools.api_types` from its OpenAPI document. Do not edit. */\n"
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
Schema = Mapping[str, Any]


def main() -> None:
    """Writes or checks the file."""
    text = made()
    if "--check" in sys.argv:
        sys.exit(0 if FILE.read_text(encoding="utf-8") == text else f"{FILE.name} is out of date: {__doc__}")
    FILE.write_text(text, encoding="utf-8")


def made() -> str:
    """The whole file."""
    from lapwing.server.app import make_api

    schemas: Mapping[str, Schema] = make_api(None).openapi()["components"]["schemas"]
    return NOTE + "".join(interface(name, schemas[name]) for name in sorted(schemas))


def interface(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    about = " ".join(schema.get("description", "").split())
    lines = [f"\n/** {about} */" if about else "", f"export interface {name} {{"]
    for key, value in schema.get("properties", {}).items():
        lines.append(f"  {key}{'' if key in required else '?'}: {_type(value)};")
    return "\n".join([*lines, "}"]) + "\n"


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(_type(one) for one in schema['prefixItems'])}]"
        case "array":
            item = _type(schema.get("items", {}))
            return f"({item})[]" if "|" in item else f"{item}[]"
        case "object":
            values = schema.get("additionalProperties")
            return f"Record<string, {_type(values) if isinstance(values, Mapping) else 'unknown'}>"
        case str() as kind:
            return PLAIN[kind]
        case _:
            return "unknown"


if __name__ == "__main__":
    main()
