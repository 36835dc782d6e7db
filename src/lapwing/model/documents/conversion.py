"""The document of a conversion."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator

from lapwing.model.documents.base import Document, DurationText, KeyColumns, mistake


class ConversionDocument(Document):
    """What share of the rows of one measure are followed by a row of another, with the same key, within a time."""

    from_: str = Field(alias="from", description="A measure: the rows of which a share is told, at their own time.")
    to: str = Field(description="A measure, of any dataset: the rows that follow, such as flights.flown.")
    by: KeyColumns = Field(
        description="The key that both have: a dimension or a column of that name; several; or {from's: to's}."
    )
    within: DurationText = Field(description="Less than how long after it, such as 30 days.")

    @model_validator(mode="after")
    def _takes_time(self) -> ConversionDocument:
        if self.within <= timedelta():
            raise mistake("bad-duration", "Nothing follows within no time.", (), "Write within: 30 days, for example.")
        return self
