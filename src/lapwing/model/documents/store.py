"""store: in lapwing.yaml: where rollups are kept, and how what is kept there is read and written."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lapwing.model.documents.base import Document, SizeText, mistake

_OF_STORES = {
    "lmdb": ("path", "read_only"),
    "memory": (),
    "bigtable": ("instance", "table", "app_profile", "read_only", "reads", "writes"),
}
_KEYS = ("path", *_OF_STORES["bigtable"])
_INSTANCE_HINT = "projects/PROJECT/instances/INSTANCE"
_INSTANCE = re.compile(r"projects/[^/\s]+/instances/[^/\s]+")
_TABLE = re.compile(r"[_a-zA-Z0-9][-_.a-zA-Z0-9]{0,49}")
_MIB = 1 << 20

Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _instance(value: str) -> str:
    if not _INSTANCE.fullmatch(value):
        raise mistake("bad-instance", f"{value} does not name an instance.", (), f"Write {_INSTANCE_HINT}.")
    return value


def _table(value: str) -> str:
    if not _TABLE.fullmatch(value):
        hint = "Write up to 50 letters, digits, underscores, dots and hyphens."
        raise mistake("bad-table", f"{value} can't be a table's name in Bigtable.", (), hint)
    return value


def _ordered(less: str, more: str, values: Document) -> None:
    """Refuses what is larger than what should hold it."""
    small, large = getattr(values, less), getattr(values, more)
    if small > large:
        says = f"{less} ({small:g}) is more than {more} ({large:g})."
        raise mistake("out-of-order", says, (), f"Lower {less}, or raise {more}.")


class ReadsDocument(Document):
    """How Bigtable is read. The client library tries again what may pass, from 10 ms on and each time about twice as late."""

    time_limit: Seconds = Field(
        10.0, description="Seconds for a request with all its retries; the sources answer afterwards."
    )
    attempt: Seconds = Field(
        5.0, description="Seconds for each try: half of the limit, so that one that hangs leaves time for another."
    )

    @model_validator(mode="after")
    def _in_order(self) -> ReadsDocument:
        _ordered("attempt", "time_limit", self)
        return self


class WritesDocument(Document):
    """How Bigtable is written: in batches, some at once, tried again while it refuses."""

    time_limit: Seconds = Field(
        120.0,
        description="Seconds for a batch of a build with all its retries: it waits out what passes, as a node that is replaced."
        " What answers leave behind waits no longer than they do.",
    )
    attempt: Seconds = Field(30.0, description="Seconds for each try; a batch takes less than one where all is well.")
    first_wait: Seconds = Field(
        0.1, description="Seconds before the first retry, about; each later wait is about twice the one before."
    )
    longest_wait: Seconds = Field(
        10.0,
        description="The longest of these waits: soon back after an outage. Where Bigtable says how long to wait, that counts.",
    )
    batch_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        10_000, description="Mutations of a request, one for each row; Bigtable takes 100,000."
    )
    batch_bytes: Annotated[SizeText, Field(ge=1 << 16, le=1 << 26)] = Field(
        4 * _MIB, description="Bytes of a request, about: Bigtable is quickest with a few megabytes; such as 4MiB."
    )
    bytes_in_flight: Annotated[SizeText, Field(ge=1 << 16, le=1 << 30)] = Field(
        16 * _MIB,
        description="Bytes of a process on their way at once: four batches keep the network busy and leave room for reads.",
    )
    flow_control: bool = Field(
        True,
        description="Bulk writes follow the rate that Bigtable asks for while it is busy, so that a build leaves room for"
        " answers and autoscaling has time.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> WritesDocument:
        _ordered("attempt", "time_limit", self)
        _ordered("first_wait", "longest_wait", self)
        _ordered("batch_bytes", "bytes_in_flight", self)
        return self


class StoreDocument(Document):
    """Where rollups are kept: lmdb has a path, bigtable an instance and a table."""

    type: Literal["lmdb", "memory", "bigtable"] = Field(
        "lmdb", description="lmdb is a folder; bigtable is Google Cloud's, for many machines; memory forgets."
    )
    path: str | None = Field(None, description="Of lmdb: .lapwing/store, where left out.")
    instance: Annotated[str, AfterValidator(_instance)] | None = Field(
        None, description="Of bigtable: projects/PROJECT/instances/INSTANCE."
    )
    table: Annotated[str, AfterValidator(_table)] | None = Field(
        None, description="Of bigtable: lapwing, where left out. It is made if it is missing."
    )
    app_profile: str | None = Field(
        None,
        description="Of bigtable: default, where left out. Who builds needs one that routes to a single cluster and allows"
        " single-row transactions.",
    )
    read_only: bool = Field(
        False,
        description="Nothing is written from here: for servers that only answer. In a second cluster they must, because what"
        " two clusters write into one row is not merged, but replaced.",
    )
    reads: ReadsDocument = Field(
        default_factory=lambda: ReadsDocument.model_validate({}), description="Of bigtable: how it is read."
    )
    writes: WritesDocument = Field(
        default_factory=lambda: WritesDocument.model_validate({}), description="Of bigtable: how it is written."
    )

    @model_validator(mode="after")
    def _place_of_rollups(self) -> StoreDocument:
        own = _OF_STORES[self.type]
        for key in _KEYS:
            if key not in own and key in self.model_fields_set:
                raise mistake("unused-key", f"A store of type {self.type} has no {key}.", own, f"Remove {key}.")
        if self.type == "bigtable" and not self.instance:
            raise mistake("missing-key", "A store of type bigtable needs instance.", (), f"Write {_INSTANCE_HINT}.")
        return self
