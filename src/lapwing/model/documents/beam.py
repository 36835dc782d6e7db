"""beam: in lapwing.yaml: how the builder beam runs its pipelines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lapwing.model.documents.base import Document, mistake
from lapwing.model.documents.dataflow import DataflowDocument, OptionValue

RUNNERS = ("direct", "prism", "flink", "dataflow")


class BeamDocument(Document):
    """How the builder beam runs its pipelines. What a command says goes before it."""

    runner: Literal["direct", "prism", "flink", "dataflow"] = Field(
        "direct", description="What runs them: direct is this machine, and needs nothing else."
    )
    job_endpoint: str | None = Field(
        None, description="HOST:PORT of a job server that is running: of flink, or of prism (else Beam starts its own)."
    )
    workers: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="How many work side by side; of direct one for each core, where left out."
    )
    shards: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None,
        description="Into how many parts the groups of a partition are cut; as many as keep the workers busy, where left out.",
    )
    dataflow: DataflowDocument = Field(
        default_factory=lambda: DataflowDocument.model_validate({}),
        description="Where Dataflow's jobs run, on which machines, as whom.",
    )
    options: dict[str, OptionValue] = Field(
        default_factory=dict, description="Beam's own pipeline options by their names, such as direct_running_mode."
    )

    @model_validator(mode="after")
    def _endpoint(self) -> BeamDocument:
        if self.job_endpoint is not None and self.runner not in ("flink", "prism"):
            raise mistake("unused-key", f"The runner {self.runner} has no job_endpoint.", (), "Remove job_endpoint.")
        return self
