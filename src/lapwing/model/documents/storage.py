"""How object storage is reached: `storage:` of a source."""

from __future__ import annotations

from pydantic import Field, model_validator

from lapwing.model.documents.base import Document, mistake


class StorageDocument(Document):
    """What is left out comes from the places where the storage's own tools look: variables of the environment, profiles, the
    machine's own account."""

    endpoint: str | None = Field(None, description="The URL of its API, where it is not the public one.")
    region: str | None = Field(None, description="Of S3, such as eu-central-1.")
    access_key: str | None = Field(None, description='Of S3, such as "${LAKE_KEY}".')
    secret_key: str | None = Field(None, description='Of S3, such as "${LAKE_SECRET}".')
    anonymous: bool = Field(False, description="Ask without any credentials, as public data may be.")

    @model_validator(mode="after")
    def _both_or_none(self) -> StorageDocument:
        if bool(self.access_key) != bool(self.secret_key):
            raise mistake("missing-key", "access_key and secret_key belong together.")
        if self.anonymous and self.access_key:
            raise mistake("unused-key", "Who asks anonymously has no access_key.", (), "Remove one of both.")
        if self.endpoint and not self.endpoint.startswith(("http://", "https://")):
            raise mistake("bad-endpoint", "An endpoint is a URL, such as http://127.0.0.1:9000.")
        return self
