"""A message as every way out takes it, and how it is kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`key` is the same however often it is sent; `thread` is that of all messages about one incident. `kind` is the step
    that it tells (opened, grew, resolved, ...), digest or test; `good`: it is good news. `facts` is what programs read."""

    key: str
    thread: str
    kind: str
    good: bool
    subject: str
    text: str
    html: str
    link: str | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    chart: bytes | None = None

    def pack(self) -> bytes:
        """To be kept, so that it is the same when it has to be sent again."""
        data = asdict(replace(self, chart=None))
        chart = None if self.chart is None else base64.b64encode(self.chart).decode()
        return json.dumps({**data, "chart": chart}).encode()


def unpack(data: bytes) -> Message:
    """What `Message.pack` kept."""
    found = json.loads(data)
    chart = found.pop("chart")
    return Message(**found, chart=None if chart is None else base64.b64decode(chart))
