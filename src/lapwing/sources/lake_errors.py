"""What the libraries that read lakes raise, in our words: which table, what is wrong with it, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from lapwing.model.problem import LapwingError, Place, SourceError

_MOST_TEXT: Final = 300
_CASES: Final = (
    (
        "not-permitted",
        (
            r"\b403\b|[Aa]ccess ?[Dd]enied|[Ff]orbidden|InvalidAccessKeyId|SignatureDoesNotMatch|Access Key Id|"
            r"ACCESS_DENIED|SIGNATURE_DOES_NOT_MATCH|EXPIRED_TOKEN|INVALID_CLIENT_TOKEN|[Uu]nauthori[sz]ed|"
            r"credential|Permission ?[Dd]enied|PermissionError|Generic.*token|Anonymous caller"
        ),
        "{table} may not be read: {says}.",
        "Check the account that the environment or `storage:` names, and what it may do.",
    ),
    (
        "table-vanished",
        (
            r"NoSuchTable|TableNotFound|NoSuchNamespace|NoSuchBucket|bucket does not exist|[Nn]ot a Delta table|"
            r"No files in log segment|no log files"
        ),
        "{table} is not there: {says}.",
        "Run `lapwing check` to see what is there now.",
    ),
    (
        "source-unreachable",
        r"[Cc]onnection|[Cc]ouldn?'?t? ?(not )?connect|resolve host|NETWORK_CONNECTION|timed? ?out|Timeout|error sending request",
        "{table} can't be reached: {says}.",
        "Check the network, and the endpoint and region in lapwing.yaml.",
    ),
    (
        "source-refused",
        r"equality delete|[Uu]nsupported|not supported|not yet support|NotImplemented|reader feature",
        "{table} can't be read as it is: {says}.",
        "Rewrite its files once with the engine that writes it (compact it), which leaves plain files.",
    ),
    (
        "source-changed",
        r"FileNotFound|No such file|[Nn]ot ?[Ff]ound|NoSuchKey|does not exist|HTTP status code 404|\b404\b",
        "A file of {table} is not there any more, or was never whole: {says}.",
        "It may have been vacuumed or expired while it was read: ask again. If it stays, restore or repair the table.",
    ),
)
"""Tried in this order, over the name and the text of the error."""


def explain(table: str, place: Place | None, error: Exception) -> LapwingError:
    """A SourceError for what was raised while `table` was read."""
    kind, text = type(error).__name__, str(error)
    says = _short(text) or kind
    for code, pattern, message, hint in _CASES:
        if re.search(pattern, f"{kind} {text}"):
            return SourceError.of(code, message.format(table=table, says=says), place=place, hint=hint)
    return SourceError.of(
        "source-unreadable",
        f"{table} can't be read: {says}.",
        place=place,
        hint="A file of it may be damaged: look at the one that is named, or restore the table to a version before.",
    )


@contextmanager
def in_our_words(say: Callable[[Exception], LapwingError]) -> Iterator[None]:
    """What the libraries raise in the block, which has no common class, as `say` says it.

    Raises:
        LapwingError: in the place of whatever else.
    """
    try:
        yield
    except LapwingError:
        raise
    except Exception as error:
        raise say(error) from error


def vanished(table: str, place: Place | None) -> LapwingError:
    """The table was there when it was listed."""
    hint = "Run `lapwing check` to see what is there now."
    return SourceError.of("table-vanished", f"{table} is not there any more.", place=place, hint=hint)


def missing_extra(library: str, place: Place | None) -> LapwingError:
    """The library is not installed."""
    says = f"Tables of this kind need {library}, which is not installed."
    return SourceError.of("missing-extra", says, place=place, hint="Run `pip install 'lapwing[lake]'`.")


def _short(text: str) -> str:
    """One sentence, without what servers answer as pages, and without the stacks of other languages."""
    told = re.split(r"\n\s+\d+: |\nTraceback", text)[0]
    plain = " ".join(re.sub(r"<[^>]*>", " ", told).split()).rstrip(".")
    return plain if len(plain) <= _MOST_TEXT else f"{plain[:_MOST_TEXT]}…"
