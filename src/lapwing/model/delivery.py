"""To whom incidents are told, by which ways, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from lapwing.model.problem import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way by which messages go out. `type` is email (`smtp` is HOST:PORT, `sender` and `to` are addresses, `security` is
    starttls, tls or none), webhook (a `url`; what is sent is signed with `secret`) or apprise (a `url` of Apprise's). What
    may hold secrets is never shown: repr leaves it out."""

    name: str
    type: str
    url: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    smtp: tuple[str, int] | None = None
    sender: str = ""
    to: tuple[str, ...] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: str = "starttls"
    place: Place = field(default_factory=Place, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Gathered, and sent at a minute of the day (0 to 1439); of a `weekday` (0 is Monday), or of every day."""

    minute: int
    weekday: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From one minute of the day to another, over midnight where the end is the earlier one."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What nobody acknowledged `after` it was told is told by these channels, too."""

    after: timedelta
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who is told of what. Any of `monitors`, `metrics` ("dataset.metric"), `tags` and (of what is wrong with their data)
    `datasets` will do, all of them where none is named; `data` False: nothing about data, "only": nothing else;
    `slice` must hold, too. `person` is told of what is assigned to them, as well. Monitors may be goals and limits:
    `goal:NAME`, `limit:NAME`. Without `warnings`, only of what has happened."""

    name: str
    channels: tuple[str, ...]
    monitors: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    data: bool | str = True
    slice: Mapping[str, str] = field(default_factory=dict)
    person: str = ""
    warnings: bool = True
    digest: Digest | None = None
    quiet: QuietHours | None = None
    escalation: Escalation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`base_url` is where people reach the pages; None: messages have no links."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    subscriptions: Mapping[str, Subscription] = field(default_factory=dict)
    base_url: str | None = None
