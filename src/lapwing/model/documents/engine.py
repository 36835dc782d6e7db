"""engine: in lapwing.yaml: where whole statements run."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lapwing.model.documents.base import Document, mistake
from lapwing.model.documents.goals import texts

_ADDRESS = re.compile(r"trino://[^/?]+/?(\?.*)?\Z")


class EngineDocument(Document):
    """A cluster that has the sources' tables as well, and runs all of a statement where it means the same there."""

    type: Literal["trino"] = Field(description="What kind of cluster it is.")
    dsn: str = Field(description='Its address without a catalog: "trino://user:${PASSWORD}@host:443".')
    session: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict, description="Properties of its sessions, such as query_max_memory: 10GB."
    )
    catalogs: Annotated[dict[str, str], BeforeValidator(texts)] = Field(
        default_factory=dict,
        description="By the names of sources, the catalogs that they are there, or CATALOG.SCHEMA; a source that is left out "
        "is the catalog of its name.",
    )
    time_limit: Annotated[float, Field(gt=0)] = Field(30.0, description="Seconds for it to say what tables it has.")

    @model_validator(mode="after")
    def _address(self) -> EngineDocument:
        if self.dsn != "unset" and not _ADDRESS.match(self.dsn):  # that is what an unset variable leaves
            raise mistake("bad-dsn", "The dsn is not the address of a Trino.", (), 'Write "trino://user@host:8080".')
        return self
