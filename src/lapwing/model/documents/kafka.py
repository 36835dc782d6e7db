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
    """Its latest messages. Where nothing says what values are, each is one text, the column `value`."""

    topic: str | None = Field(None, description="The topic's name; that of the table, where left out.")
    window: DurationText | None = Field(None, description="Messages of so long ago at most, such as 1 hour.")
    last: Annotated[int, Field(gt=0)] | None = Field(
        None, description="So many of each partition at most; 100000, where there is no window either."
    )
    columns: dict[str, str | FieldDocument] = Field(
        default_factory=dict, description="Of values in JSON: columns by name, each a type, or a type with a path."
    )
    avro: str | None = Field(None, description="Of values in Avro: the file of their schema, relative to the project.")
    json_schema: str | None = Field(
        None,
        description="Of values in JSON: the file of their JSON Schema, relative to the project; its properties are columns.",
    )
    protobuf: str | None = Field(
        None,
        description="Of values in Protobuf: the file of their descriptors, relative to the project, which "
        "`protoc --include_imports --descriptor_set_out=FILE` writes.",
    )
    message: str | None = Field(
        None,
        description="Of Protobuf: the message that values are, such as shop.Order; where left out, the file has one.",
    )
    framed: bool = Field(
        False,
        description="Five bytes of a schema registry stand before each value, of Protobuf also which message it is.",
    )
    registry: str | None = Field(
        None,
        description="The schema registry that has the schemas which values were written by, such as "
        "https://user:${PASSWORD}@registry:8081; it frames them.",
    )
    invalid: Literal["error", "keep"] = Field(
        "error",
        description="What a value that can't be read is: an error, or a row of nulls whose column _invalid says why.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> TopicDocument:
        forms = {name: getattr(self, name) for name in ("columns", "avro", "json_schema", "protobuf")}
        told = [name for name, value in forms.items() if value]
        if len(told) > 1:
            says = f"A topic has one of {', '.join(forms)}, not {' and '.join(told)}."
            raise mistake("unused-key", says, (), "Remove all but one.")
        if self.message is not None and not self.protobuf:
            raise mistake("unused-key", "Only values in protobuf are a message.", (), "Remove message.")
        if self.framed and not told:
            raise mistake("unused-key", "A text is not framed.", (), "Remove framed, or say what values are.")
        if self.registry is not None and not told:
            hint = "Add avro, json_schema or protobuf: FILE, the schema that the table is of."
            raise mistake("missing-key", "A topic with a registry needs to say what its values are.", (), hint)
        if self.registry is not None and not self.registry.startswith(("http://", "https://", "${")):
            raise mistake("bad-registry", "registry is no URL.", (), "Write https://HOST:8081.")
        return self
