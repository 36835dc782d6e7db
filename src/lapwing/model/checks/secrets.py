"""Secrets: never written in the files, filled in from the environment or from a secret file.

`${NAME}` stands for the environment's NAME, or for the content of the file that the environment's NAME_FILE names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lapwing.model.environment import KEY
from lapwing.model.names import nearest
from lapwing.model.positions import Located, Location
from lapwing.model.problem import Place, Problem

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SECRET_KEY = re.compile(
    r"(password|passwd|passphrase|secret|token|api_?key|access_?key|private_?key|credentials?)", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"://[^:/?#\s]*:([^?#]*)@")
_PAIR_PASSWORD = re.compile(
    r"(?:\b|_)(?:(?:ssl)?password|access_token)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE
)
_WITH_SECRETS = ("sources", "store", "channels", "engine")


def plain_secrets(located: Located) -> Iterator[Problem]:
    """Secrets written in plain under `sources`, `store` and `channels`, in any environment. The text itself is never in the
    problem."""
    for location, text in _texts(located.data):
        key = str(location[-1])
        if _literal(text) and _SECRET_KEY.search(key):
            yield _plain(located.key(*location), f"{key} is written in plain.", re.sub(r"\W", "_", key).upper())
        elif _is_key(located.data, location) and "${" not in text:
            says = "An address of Apprise's holds its secrets, and is written in plain."
            yield _plain(located.key(*location), says, f"{location[-2]}_URL".upper())
        elif any(_literal(match[1].strip("'")) for match in _passwords(text)):
            name = f"{location[-2]}_{key}".upper() if len(location) > 1 else key.upper()
            yield _plain(located.key(*location), f"The password in {key} is written in plain.", name)


def _is_key(data: Any, location: Location) -> bool:
    """Whether a text is the address of a channel of type apprise."""
    if len(location) < 3 or location[-3] != "channels" or location[-1] != "url":
        return False
    for part in location[:-1]:
        data = data[part]
    return bool(data.get("type") == "apprise")


def _passwords(text: str) -> Iterator[re.Match[str]]:
    yield from _URL_PASSWORD.finditer(text)
    yield from _PAIR_PASSWORD.finditer(text)


def _literal(text: str) -> bool:
    """Whether there is text besides ${...}."""
    return bool(_VARIABLE.sub("", text).strip())


def _plain(place: Place, says: str, name: str) -> Problem:
    hint = f'Write "${{{name}}}" and set {name} in the environment, or {name}_FILE to a file that holds it.'
    return Problem("plain-secret", says, place, hint=hint)


def filled(located: Located, environ: Mapping[str, str]) -> tuple[Located, list[Problem]]:
    """The file with its variables filled in, under `sources`, `store`, `channels` and `engine`; elsewhere `${...}` is plain
    text."""
    problems: list[Problem] = []

    def fill(value: Any, location: Location) -> Any:
        if isinstance(value, Mapping):
            return {key: fill(item, (*location, key)) for key, item in value.items()}
        if isinstance(value, tuple):
            return tuple(fill(item, (*location, index)) for index, item in enumerate(value))
        if not isinstance(value, str) or "${" not in value:
            return value
        return _VARIABLE.sub(lambda match: look_up(match[1], located.key(*location)), value)

    def look_up(name: str, place: Place) -> str:
        found = _value(name, environ, place)
        if isinstance(found, Problem):
            problems.append(found)
            return "unset"
        return found

    data = {k: fill(v, (k,)) if k in _WITH_SECRETS else v for k, v in located.data.items()}
    return Located(
        file=located.file, data=data, keys=located.keys, values=located.values, plain=located.plain
    ), problems


def _value(name: str, environ: Mapping[str, str], place: Place) -> str | Problem:
    if not _NAME.match(name):
        hint = "Write ${NAME}, with letters, digits and underscores."
        return Problem("bad-variable", f"${{{name}}} does not name a variable.", place, hint=hint)
    if name in environ:
        return environ[name]
    if path := environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            says = f"The file that {name}_FILE names can't be read."
            return Problem("unreadable-secret", says, place, hint="Check its path, and that it is text.")
    near = tuple(n for n in nearest(name, environ) if n.split("_")[0] == name.split("_")[0])
    says = f"The environment has no {name}."
    return Problem("unset-variable", says, place, near, f"Set {name}, or {name}_FILE to a file that holds it.")


def _texts(value: Any, location: Location = ()) -> Iterator[tuple[Location, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if location or key in (*_WITH_SECRETS, KEY):
                yield from _texts(item, (*location, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*location, index))
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and location:
        yield location, str(value)
