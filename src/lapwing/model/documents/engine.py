"""engine: in lapwing.yaml: where whole statements run."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from lapwing.model.documents.base import Document, mistake
from lapwing.model.documents.goals import texts

_ADDRESS = re.compile(r"trino://[^/?]+/?(\?.*)?\Z")


class EngineDocument(Document):
    """What runs all of a statement, where it means the same there: a cluster of Trino that has the sources' tables as well, or
    one source of BigQuery, those that read nothing else."""

    type: Literal["trino", "bigquery"] = Field(description="What kind of engine it is.")
    dsn: str | None = Field(
        None, description='The cluster\'s address without a catalog: "trino://user:${PASSWORD}@host:443".'
    )
    source: str | None = Field(
        None,
        description="The source of BigQuery that runs statements over itself, even where that does not save bytes.",
    )
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
        if self.type == "bigquery":
            if self.source is None or self.dsn is not None:
                raise mistake("bad-engine", "An engine of BigQuery is one of the sources.", (), "Write source: NAME.")
            return self
        if self.source is not None or self.dsn is None:
            raise mistake(
                "bad-engine", "An engine of Trino has an address.", (), 'Write dsn: "trino://user@host:8080".'
            )
        if self.dsn != "unset" and not _ADDRESS.match(self.dsn):  # that is what an unset variable leaves
            raise mistake("bad-dsn", "The dsn is not the address of a Trino.", (), 'Write "trino://user@host:8080".')
        return self
