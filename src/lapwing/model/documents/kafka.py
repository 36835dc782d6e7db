"""A topic of Kafka as a table: `topics:` of a source of type kafka."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lapwing.model.documents.base import Document, DurationText, mistake


class FieldDocument(Document):
    """A column out of a JSON value."""

    type: str = Field(description="As SQL writes it, such as BIGINT, DECIMAL(12,2), VARCHAR or TIMESTAMPTZ.")
    path: str | None = Field(
        None, description="Where it is in the value, such as user.id; its own name, where left out."
    )
    unit: Literal["s", "ms", "us"] | None = Field(
        None, description="Of a time that is a number: seconds, milliseconds or microseconds since 1970."
    )


class TopicDocument(Document):
    """Its latest messages. Without columns and avro a value is one text, the column `value`."""

    topic: str | None = Field(None, description="The topic's name; that of the table, where left out.")
    window: DurationText | None = Field(None, description="Messages of so long ago at most, such as 1 hour.")
    last: Annotated[int, Field(gt=0)] | None = Field(
        None, description="So many of each partition at most; 100000, where there is no window either."
    )
    columns: dict[str, str | FieldDocument] = Field(
        default_factory=dict, description="Of values in JSON: columns by name, each a type, or a type with a path."
    )
    avro: str | None = Field(None, description="Of values in Avro: the file of their schema, relative to the project.")
    framed: bool = Field(False, description="Of Avro: five bytes of a schema registry stand before each value.")
    registry: str | None = Field(
        None,
        description="Of Avro: the schema registry that has the schemas which values were written by, such as "
        "https://user:${PASSWORD}@registry:8081; it frames them.",
    )
    invalid: Literal["error", "keep"] = Field(
        "error",
        description="What a value that can't be read is: an error, or a row of nulls whose column _invalid says why.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> TopicDocument:
        if self.columns and self.avro:
            raise mistake("unused-key", "A topic has columns or avro, not both.", (), "Remove one of both.")
        if self.framed and not self.avro:
            raise mistake("unused-key", "Only values in avro are framed.", (), "Remove framed.")
        if self.registry is not None and not self.avro:
            hint = "Add avro: FILE, the schema that the table is of."
            raise mistake("missing-key", "A topic with a registry needs avro.", (), hint)
        if self.registry is not None and not self.registry.startswith(("http://", "https://", "${")):
            raise mistake("bad-registry", "registry is no URL.", (), "Write https://HOST:8081.")
        return self
