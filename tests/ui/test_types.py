"""The pages are compiled against types that are made from the server's own document."""

from __future__ import annotations

from tools import api_types


def test_the_types_are_up_to_date() -> None:
    assert api_types.FILE.read_text(encoding="utf-8") == api_types.made(), "run `python -m tools.api_types`"


def test_what_is_optional_named_or_limited_is_so_in_types() -> None:
    schema = {
        "required": ["a", "c"],
        "properties": {
            "a": {"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]},
            "b": {"items": {"anyOf": [{"enum": ["x", "y"]}, {"type": "null"}]}, "type": "array"},
            "c": {"$ref": "#/components/schemas/Other"},
            "d": {"additionalProperties": {"type": "boolean"}, "type": "object"},
            "e": {"prefixItems": [{"type": "string"}, {"type": "number"}], "type": "array"},
        },
        "description": "Two\n    lines.",
    }
    assert api_types.interface("Thing", schema) == (
        "\n/** Two lines. */\nexport interface Thing {\n  a: number | null;\n"
        '  b?: ("x" | "y" | null)[];\n  c: Other;\n  d?: Record<string, boolean>;\n  e?: [string, number];\n}\n'
    )
