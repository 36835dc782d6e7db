"""The frame that a schema registry's clients put around values: a zero, and four bytes of the number of the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lapwing.model.project import Topic
from lapwing.sources.kafka_registry import Registry

_BYTES: Final = 5


class Frame:
    """`registry` has what values were written by; None: nobody is asked."""

    def __init__(self, registry: Registry | None) -> None:
        self._registry = registry

    def opened(self, value: bytes) -> tuple[Any, bytes]:
        """What the registry has read the schema as (None without one), and what is in the frame.

        Raises:
            ValueError: there is no frame, or the registry has no such schema.
            SourceError: the registry does not answer.
        """
        if len(value) < _BYTES or value[:1] != b"\0":
            raise ValueError("it is not framed by a schema registry")
        told = None if self._registry is None else self._registry.schema(int.from_bytes(value[1:_BYTES], "big"))
        return told, value[_BYTES:]


def frame_of(
    topic: Topic, kind: str, read: Callable[[Mapping[str, Any]], Any], form: str | None = None
) -> Frame | None:
    """The frame of a topic's values; None where they have none. See `Registry`."""
    if topic.registry is None:
        return Frame(None) if topic.framed else None
    return Frame(Registry(topic, kind, read, form))
