"""channels: and subscriptions: in lapwing.yaml: who is told of incidents, by which ways, and when."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lapwing.model.delivery import Digest, QuietHours
from lapwing.model.documents.base import Document, DurationText, Words, mistake
from lapwing.model.names import nearest

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OF_CHANNELS = {
    "email": ("smtp", "from", "to", "user", "password", "security"),
    "webhook": ("url", "secret"),
    "apprise": ("url",),
}
"""By the type of a channel, the keys that it has."""
_NEEDED = {"email": ("smtp", "from", "to"), "webhook": ("url",), "apprise": ("url",)}
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")


def _minute(text: str) -> int | None:
    match = _CLOCK.fullmatch(text.strip())
    return 60 * int(match[1]) + int(match[2]) if match else None


def _smtp(value: object) -> tuple[str, int]:
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise mistake("bad-address", "The server is not HOST:PORT.", (), "Write smtp.example.com:587.")
    return host.strip("[]"), int(port)


def _mail(value: str) -> str:
    try:
        _, address = parseaddr(value)
        Address(addr_spec=address)
    except (ValueError, IndexError, MessageError):  # what the standard library says of what is none
        address = ""
    if not _MAIL.fullmatch(address):
        raise mistake("bad-address", f"{value!r} is not an e-mail address.", (), "Write name@example.com.")
    return value.strip()


def _mails(value: object) -> object:
    several = (value,) if isinstance(value, str) else value
    return (
        tuple(_mail(one) if isinstance(one, str) else one for one in several) if isinstance(several, tuple) else value
    )


def _when(value: object) -> Digest | None:
    if isinstance(value, str):
        day, _, clock = value.strip().lower().rpartition(" ")
        minute = _minute(clock)
        if value.strip().lower() == "instant":
            return None
        if minute is not None and day == "daily":
            return Digest(minute=minute)
        if minute is not None and day in WEEKDAYS:
            return Digest(minute=minute, weekday=WEEKDAYS.index(day))
        near = nearest(day, ("daily", *WEEKDAYS)) if day else ()
    else:
        near = ()
    raise mistake("bad-when", f"{value!r} does not say when.", near, 'Write instant, "daily 08:00" or "monday 08:00".')


def _quiet(value: object) -> QuietHours:
    if isinstance(value, str):
        start, _, end = value.partition("-")
        first, last = _minute(start), _minute(end)
        if first is not None and last is not None and first != last:
            return QuietHours(start=first, end=last)
    raise mistake("bad-hours", f"{value!r} are no hours of the day.", (), 'Write "22:00-07:00".')


class ChannelDocument(Document):
    """A way by which messages go out: email, a webhook, or anything that Apprise knows (Slack, Teams, PagerDuty, ...)."""

    type: Literal["email", "webhook", "apprise"] = Field(description="What kind of channel it is.")
    url: str | None = Field(
        None, description='Of webhook and apprise, such as "${SLACK_URL}"; apprise\'s own kind of URL.'
    )
    secret: str | None = Field(None, description="Of webhook: what is sent is signed with it.")
    smtp: Annotated[tuple[str, int], PlainValidator(_smtp, json_schema_input_type=str)] | None = Field(
        None, description="Of email: the server, HOST:PORT."
    )
    from_: Annotated[str, PlainValidator(lambda value: _mail(str(value)), json_schema_input_type=str)] | None = Field(
        None, alias="from", description="Of email: who sends it."
    )
    to: Annotated[tuple[str, ...], BeforeValidator(_mails, json_schema_input_type=str | tuple[str, ...])] = Field(
        (), description="Of email: who gets it."
    )
    user: str | None = Field(None, description="Of email: who logs in at the server.")
    password: str | None = Field(None, description='Of email, such as "${SMTP_PASSWORD}".')
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="Of email: how the way is secured.")

    @model_validator(mode="after")
    def _keys_of_type(self) -> ChannelDocument:
        own = _OF_CHANNELS[self.type]
        given = {"from" if key == "from_" else key for key in self.model_fields_set} - {"type"}
        for key in _NEEDED[self.type]:
            if not getattr(self, "from_" if key == "from" else key):
                raise mistake("missing-key", f"A channel of type {self.type} needs {key}.")
        for key in sorted(given):
            if key not in own:
                raise mistake("unused-key", f"A channel of type {self.type} has no {key}.", (), f"Remove {key}.")
        return self


class EscalationDocument(Document):
    """What nobody acknowledged in time is told by other channels, too."""

    after: DurationText = Field(description="How long after it was told.")
    to: Words = Field(description="Channels.")


def _texts(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: str(one).lower() if isinstance(one, bool) else str(one) for key, one in value.items()}


def _data(value: object) -> object:
    if value not in (True, False, "only"):
        raise mistake("wrong-type", "This is true, false or only.", ("only",))
    return value


class SubscriptionDocument(Document):
    """Who is told of what. Where no monitor, metric, tag or dataset is named, all are meant."""

    channels: Words = Field(description="By which ways.")
    monitors: Words = Field((), description="What these watch; goals and limits as goal:NAME and limit:NAME.")
    metrics: Words = Field((), description="These metrics, by whatever monitor.")
    tags: Words = Field((), description="Monitors, and checks of data, that have any of these tags.")
    datasets: Words = Field((), description="What is wrong with the data of these.")
    slice: Annotated[dict[str, str], BeforeValidator(_texts)] = Field(
        default_factory=dict, description="Only incidents within this slice."
    )
    data: Annotated[bool | Literal["only"], PlainValidator(_data, json_schema_input_type=bool | Literal["only"])] = (
        Field(True, description="What is wrong with data itself, too; only: nothing else.")
    )
    person: str = Field("", description="Is told of what is assigned to them, too.")
    warnings: bool = Field(True, description="Also of early warnings; false: only of what has happened.")
    when: Annotated[Digest | None, PlainValidator(_when, json_schema_input_type=str)] = Field(
        None, description='instant; "daily 08:00" or "monday 08:00", in the project\'s zone, gathers what happened.'
    )
    quiet_hours: Annotated[QuietHours, PlainValidator(_quiet, json_schema_input_type=str)] | None = Field(
        None, description='Such as "22:00-07:00": what happens then is told when they end.'
    )
    escalate: EscalationDocument | None = Field(None, description="Where nobody acknowledges what was told.")
