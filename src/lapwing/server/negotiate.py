"""Which format the client wants."""

from __future__ import annotations

from collections.abc import Sequence

from lapwing.server.encode.stream import MEDIA_TYPES, Format


def wanted(accept: str | None, formats: Sequence[Format]) -> Format | None:
    """The first of the formats that `accept` names; None where it names none of them, that is: the usual JSON."""
    named = [part.partition(";")[0].strip().lower() for part in (accept or "").split(",")]
    by_type = {MEDIA_TYPES[form].partition(";")[0]: form for form in formats}
    return next((by_type[name] for name in named if name in by_type), None)
