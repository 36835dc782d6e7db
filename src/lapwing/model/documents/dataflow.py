"""beam: dataflow: in lapwing.yaml: where Dataflow's jobs run, on which machines, as whom."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from lapwing.model.documents.base import Document

OptionValue = bool | int | float | str | tuple[str, ...]

_ALGORITHM: Final = {"throughput": "THROUGHPUT_BASED", "none": "NONE"}
_CALLED: Final = {
    "service_account": "service_account_email",
    "image": "sdk_container_image",
    "disk_gb": "disk_size_gb",
    "kms_key": "dataflow_kms_key",
}
"""What Beam calls them, where it is not the same."""

Location = Annotated[str, Field(pattern=r"^gs://[a-z0-9][a-z0-9._-]+(/.*)?$")]
Label = Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,63}$")]


class DataflowDocument(Document):
    """Where Dataflow's jobs run, on which machines, as whom. Only used by the runner dataflow."""

    project: str | None = Field(None, description="The Google Cloud project that the jobs run in and are billed to.")
    region: str | None = Field(None, description="The region of the workers, such as europe-west1: that of the data.")
    temp_location: Location | None = Field(
        None, description="gs://BUCKET/FOLDER for what the jobs keep while they run."
    )
    staging_location: Location | None = Field(
        None, description="gs://BUCKET/FOLDER for what workers are given; temp_location, where left out."
    )
    machine_type: str | None = Field(
        None, description="Of the workers, such as n2-standard-4; Dataflow's choice, else."
    )
    num_workers: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Workers to begin with; beam: workers: is the most there may be."
    )
    autoscaling: Literal["throughput", "none"] | None = Field(
        None, description="Whether Dataflow adds and removes workers by the work there is: throughput, its default."
    )
    disk_gb: Annotated[int, Field(ge=10)] | None = Field(None, description="Gigabytes of disk of each worker.")
    labels: dict[Label, Label] = Field(
        default_factory=dict, description="Labels of the jobs, for bills; lapwing-project is added."
    )
    service_account: str | None = Field(None, description="The e-mail of the account that workers act as.")
    network: str | None = Field(None, description="The network of the workers.")
    subnetwork: str | None = Field(None, description="The subnetwork of the workers: regions/REGION/subnetworks/NAME.")
    public_ips: bool | None = Field(
        None, description="Whether workers have public addresses; false where they need none."
    )
    kms_key: str | None = Field(None, description="The key that encrypts what the jobs keep.")
    image: str | None = Field(
        None,
        description="A container image that has Lapwing; where left out, workers install the one that asks, from staging.",
    )

    def options(self) -> dict[str, OptionValue]:
        """Beam's pipeline options, by its names."""
        given = self.model_dump(exclude_none=True, exclude={"labels", "autoscaling", "public_ips"})
        found: dict[str, OptionValue] = {_CALLED.get(name, name): value for name, value in given.items()}
        if self.labels:
            found["labels"] = tuple(f"{name}={value}" for name, value in self.labels.items())
        if self.autoscaling is not None:
            found["autoscaling_algorithm"] = _ALGORITHM[self.autoscaling]
        if self.public_ips is not None:
            found["use_public_ips" if self.public_ips else "no_use_public_ips"] = True
        return found
