"""The JSON Schema of the YAML, made from the documents: editors complete and check with it.

`python -m lapwing.model.schema` prints it; `python -m lapwing.model.schema dataset` prints that of datasets/*.yaml alone.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from lapwing.model.documents.dataset import DatasetDocument
from lapwing.model.documents.project import MonitorsDocument, ProjectDocument

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILES: dict[str, type[BaseModel]] = {
    "project": ProjectDocument,
    "dataset": DatasetDocument,
    "monitors": MonitorsDocument,
}


def json_schema(file: str | None = None) -> dict[str, Any]:
    """The schema of one kind of file ("project": lapwing.yaml, "dataset": datasets/*.yaml, "monitors": monitors/*.yaml),
    or of any of them."""
    mode: JsonSchemaMode = "validation"
    _, schema = models_json_schema([(model, mode) for model in _FILES.values()])
    wanted = [_FILES[file]] if file else list(_FILES.values())
    references = [{"$ref": f"#/$defs/{model.__name__}"} for model in wanted]
    about = {"$schema": _DIALECT, "title": f"Lapwing {file or 'file'}", "$defs": schema["$defs"]}
    return {**about, **references[0]} if file else {**about, "anyOf": references}


if __name__ == "__main__":
    kind = sys.argv[1] if len(sys.argv) > 1 else None
    if kind not in (None, *_FILES):
        sys.exit(f"{kind} is not a kind of file; these are {', '.join(_FILES)}.")
    sys.stdout.write(json.dumps(json_schema(kind), indent=2) + "\n")
