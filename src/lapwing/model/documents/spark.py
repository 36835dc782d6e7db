"""spark: in lapwing.yaml: how the builder spark runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lapwing.model.documents.base import Document


class SparkDocument(Document):
    """How the builder spark runs. What a command says goes before it."""

    master: str = Field("local[*]", description="The cluster, such as spark://host:7077 or local[*], this machine.")
    connect_limit: Annotated[float, Field(gt=0, le=3_600)] = Field(
        10.0, description="Seconds for a master spark://HOST:PORT to take a connection; Spark itself waits a minute."
    )
    shards: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None,
        description="Into how many parts the groups of a partition are cut; as many as there are cores, where left out.",
    )
    options: dict[str, str] = Field(
        default_factory=dict, description="Spark's own settings by name, such as spark.executor.memory."
    )
