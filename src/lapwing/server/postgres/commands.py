"""The statements that ask nothing of the data: transactions, settings, and what belongs to a connection.

Nothing is ever changed here, so a transaction is a word that clients say, and every statement reads what is there now.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from lapwing.model.problem import WrongUse
from lapwing.server.postgres.scan import bare
from lapwing.server.postgres.settings import Settings


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to: its tag, rows where it shows some, settings that the client is to be told, and what it does
    to the transaction ("begin", "end", "savepoint"), to prepared statements and cursors ("deallocate", "close", "discard",
    with a `name`, None for all)."""

    tag: str
    rows: pa.Table | None = None
    told: tuple[tuple[str, str], ...] = ()
    effect: str | None = None
    name: str | None = None


_WORDS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w.$+-]+|[^\s\w]""")
_TRANSACTION = {
    "begin": ("BEGIN", "begin"), "start": ("START TRANSACTION", "begin"), "commit": ("COMMIT", "end"),
    "end": ("COMMIT", "end"), "rollback": ("ROLLBACK", "end"), "abort": ("ROLLBACK", "end"),
    "savepoint": ("SAVEPOINT", None), "release": ("RELEASE", None),
}  # fmt: skip
_NEVER = ("listen", "notify")
_RECOGNISED = {*_TRANSACTION, *_NEVER, "unlisten", "set", "reset", "show", "deallocate", "close", "discard"}


def first_word(text: str) -> str:
    found = re.match(r"[a-zA-Z]+", bare(text))
    return found[0].lower() if found else ""


def is_command(text: str) -> bool:
    return first_word(text) in _RECOGNISED


def shown_name(text: str) -> str | None:
    """What a SHOW shows, so that its column can be told before it runs."""
    words = _words(text)
    if words[:1] != ["show"]:
        return None
    name = " ".join(words[1:])
    return {"time zone": "timezone", "transaction isolation level": "transaction_isolation"}.get(name, name)


def run(text: str, settings: Settings) -> Done:
    """
    Raises:
        WrongUse: it is written wrongly, or asks what can't be set.
    """
    words = _words(text)
    word = words[0]
    if word in _TRANSACTION:
        tag, effect = _TRANSACTION[word]
        if word == "rollback" and "to" in words:
            effect = "savepoint"
        return Done(tag, effect=effect)
    if word in _NEVER:
        hint = "GET /api/queries/ID/events tells how statements get on."
        raise WrongUse.of("not-implemented", f"{word.upper()} is not there: nobody would be told.", hint=hint)
    if word == "unlisten":
        return Done("UNLISTEN")
    if word == "show":
        return Done("SHOW", rows=_show(str(shown_name(text)), settings))
    if word == "discard":
        return Done("DISCARD ALL", told=tuple(settings.reset()), effect="discard")
    if word in ("deallocate", "close"):
        names = [name for name in words[1:] if name not in ("prepare", ";")]
        name = None if names[:1] in ([], ["all"]) else names[0]
        return Done("DEALLOCATE" if word == "deallocate" else "CLOSE CURSOR", effect=word, name=name)
    if word == "reset" and words[1:2] == ["all"]:
        return Done("RESET", told=tuple(settings.reset()))
    told = _set(words, settings)
    return Done(word.upper(), told=() if told is None else (told,))


def _set(words: list[str], settings: Settings) -> tuple[str, str] | None:
    """SET [SESSION|LOCAL] name {=|TO} value; SET TIME ZONE value; RESET name."""
    word, *rest = words
    rest = rest[1:] if word == "set" and rest[:1] in (["session"], ["local"]) else rest
    if word == "reset":
        return settings.set({"time": "TimeZone"}.get(rest[0], rest[0]), None) if rest else None
    if rest[:1] in (["transaction"], ["characteristics"], ["constraints"], ["role"], ["authorization"]):
        if rest[-2:] == ["read", "write"]:
            says = "Lapwing only reads; a transaction can't be READ WRITE."
            raise WrongUse.of("read-only", says)
        return None
    if rest[:2] == ["time", "zone"]:
        return settings.set("TimeZone", " ".join(rest[2:]))
    if rest[:1] == ["names"]:
        return settings.set("client_encoding", " ".join(rest[1:]))
    if len(rest) < 3 or rest[1] not in ("=", "to"):
        raise WrongUse.of("syntax", "The setting does not parse.", hint="Write SET name = value.")
    return settings.set(rest[0], "".join(f"{one} " if one == "," else one for one in rest[2:]))


def _show(name: str, settings: Settings) -> pa.Table:
    if name == "all":
        pairs = list(settings.items())
        return pa.table({"name": [one for one, _ in pairs], "setting": [value for _, value in pairs]})
    value = settings.get(name)
    if value is None:
        hint = "SHOW ALL lists them."
        raise WrongUse.of("unknown-setting", f"There is no setting {name}.", hint=hint)
    return pa.table({name: [value]})


def _words(text: str) -> list[str]:
    """Words in small letters, as SQL reads them; quoted ones without their quotes and as they are."""
    found = []
    for word in _WORDS.findall(bare(text)):
        quote = word[0]
        if quote in "'\"" and len(word) > 1:
            found.append(word[1:-1].replace(quote * 2, quote))
        elif word != ";":
            found.append(word.lower())
    return found
