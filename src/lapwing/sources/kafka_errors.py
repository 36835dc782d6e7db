"""What Kafka's library says, in our words: who could not be reached and why, what may not be read, what is gone."""

from __future__ import annotations

import re
from typing import Any, Final

from lapwing.model.problem import LapwingError, Place, SourceError
from lapwing.sources.passing import passing


class Heard:
    """What a client's library told by itself (`error_cb`): its calls say only that no broker answered, and why is here."""

    def __init__(self) -> None:
        self._first: dict[str, Any] = {}
        """The first error of each name: they come again every few milliseconds."""

    def __call__(self, error: Any) -> None:
        self._first.setdefault(error.name(), error)

    @property
    def all_down(self) -> bool:
        """Whether every broker was tried, and none answered."""
        return _ALL_DOWN in self._first

    def refusal(self) -> Any:
        """That the user, the password or the encryption was refused, which waiting does not change; None where it was not."""
        return next((one for name, one in self._first.items() if any(word in name for word in _REFUSED)), None)

    def why(self) -> Any:
        """The error that tells most; None where nothing was told."""
        return self.refusal() or next((one for name, one in self._first.items() if name != _ALL_DOWN), None)


class Explained:
    """What the library raises, in our words."""

    def __init__(self, source: str, place: Place | None) -> None:
        self._source, self._place = source, place

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from confluent_kafka import KafkaException

        if isinstance(error, KafkaException | TimeoutError):
            raise failed(self._source, self._place, error) from error


_ALL_DOWN: Final = "_ALL_BROKERS_DOWN"
_REFUSED: Final = ("AUTHENTICATION", "_SSL", "SASL")
_CASES: Final = (
    (("AUTHORIZATION_FAILED",), "not-permitted", "{name} may not be read: {says}."),
    (_REFUSED, "wrong-password", "{name} refuses the user or the password: {says}."),
    (("UNKNOWN_TOPIC", "_UNKNOWN_PARTITION"), "table-vanished", "{name} is not there: {says}."),
    (
        ("_AUTO_OFFSET_RESET", "OFFSET_OUT_OF_RANGE"),
        "source-changed",
        "Messages of {name} fell out of its retention while they were read: {says}.",
    ),
)

_MAY_PASS: Final = (
    "_TRANSPORT",
    "_RESOLVE",
    "_ALL_BROKERS_DOWN",
    "_TIMED_OUT",
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_FOR_PARTITION",
)


def failed(name: str, place: Place | None, error: object) -> LapwingError:
    """A SourceError for what the library says about `name`."""
    says = said(error)
    told = getattr(error, "args", None) or (error,)
    code = told[0].name() if hasattr(told[0], "name") else ""
    for words, kind, sentence in _CASES:
        if any(word in code for word in words):
            return SourceError.of(kind, sentence.format(name=name, says=says), place=place)
    away = SourceError.of(
        "source-unreachable",
        f"{name} does not answer: {says}.",
        place=place,
        hint="Check that the brokers run, `servers`, and `options` such as security.protocol.",
    )
    return passing(away, tried=True) if code in _MAY_PASS or isinstance(error, TimeoutError) else away


def said(error: object) -> str:
    told = getattr(error, "args", None) or (error,)
    text = told[0].str() if hasattr(told[0], "str") else str(told[0])
    plain = _INNER.sub("", " ".join((text or type(error).__name__).split()))
    return plain.rstrip(".")


_INNER: Final = re.compile(
    r" \(after \d+ms in state \w+\)|/bootstrap(?=:)|, \d+ identical error\(s\) suppressed|ipv[46]#"
)
"""Of what interests only who wrote the library."""
