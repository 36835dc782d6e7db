"""Who is told of incidents by which ways, and what was told."""

from __future__ import annotations

from typing import Literal

from lapwing.server.documents.base import Document


class ChannelDocument(Document):
    """A way by which incidents are told. `to` is what may be shown of where it leads; `subscriptions` use it."""

    name: str
    type: Literal["email", "webhook", "apprise"]
    to: list[str]
    subscriptions: list[str]


class SubscriptionDocument(Document):
    """Who is told of what, in words: `about` and `when`."""

    name: str
    channels: list[str]
    about: str
    when: str
    escalation: str | None


class Channels(Document):
    channels: list[ChannelDocument]
    subscriptions: list[SubscriptionDocument]


class DeliveryDocument(Document):
    """A message that is to go out, or went. `state` is waiting, sent, failed or dropped. Times are UTC ISO 8601, by the wall
    clock; `key` is what it was sent with, the same each time."""

    id: str
    key: str
    kind: str
    channel: str
    subscription: str
    incidents: list[str]
    made: str
    due: str
    ended: str | None
    state: Literal["waiting", "sent", "failed", "dropped"]
    attempts: int
    subject: str
    trouble: str


class DeliveriesDocument(Document):
    deliveries: list[DeliveryDocument]


class TestDocument(Document):
    """What became of a test."""

    __test__ = False

    channel: str
    state: Literal["sent", "failed"]
    trouble: str
