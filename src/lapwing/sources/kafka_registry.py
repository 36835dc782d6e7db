"""A schema registry, asked by its REST API for the schemas that messages were written by."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from lapwing.model.problem import SourceError
from lapwing.model.project import Topic

_SECONDS: Final = 5.0
_ACCEPT: Final = "application/vnd.schemaregistry.v1+json, application/json"


class Registry:
    """The schemas of a topic's values by their ids, each asked for once: an id never means another.

    `kind` is AVRO, JSON or PROTOBUF, and schemas of others are refused; `read` makes of the registry's answer what `schema`
    gives, or raises ValueError with what is wrong; `form` is the format asked for, None: the registry's own.
    """

    def __init__(
        self, topic: Topic, kind: str, read: Callable[[Mapping[str, Any]], Any], form: str | None = None
    ) -> None:
        self._topic, self._kind, self._read = topic, kind, read
        self._query = f"?format={form}" if form else ""
        parts = urlsplit(topic.registry or "")
        self._url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        self._headers = {"Accept": _ACCEPT}
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
        self._known: dict[int, Any] = {}

    def schema(self, number: int) -> Any:
        """The schema of this id, as it was read.

        Raises:
            ValueError: the registry has none, or one of another kind.
            SourceError: the registry does not answer, or refuses.
        """
        if number not in self._known:
            self._known[number] = self._understood(number, self._asked(number))
        return self._known[number]

    def _understood(self, number: int, told: Mapping[str, Any]) -> Any:
        kind = told.get("schemaType", "AVRO")
        if kind != self._kind:
            raise ValueError(f"schema {number} of the registry is of {kind}, not of {self._kind}")
        try:
            return self._read(told)
        except ValueError as error:
            raise ValueError(f"schema {number} of the registry {error}") from error

    def _asked(self, number: int) -> Any:
        try:
            request = Request(f"{self._url}/schemas/ids/{number}{self._query}", headers=self._headers)  # noqa: S310 - the project's own
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            with error:
                if error.code == 404:
                    raise ValueError(f"the schema registry has no schema {number}") from error
                refused = error.code in (401, 403)
            raise self._failed(f"it answered {error.code}", refused=refused) from error
        except (URLError, OSError, HTTPException, ValueError) as error:
            raise self._failed(str(getattr(error, "reason", error))) from error

    def _failed(self, why: str, *, refused: bool = False) -> Exception:
        return SourceError.of(
            "wrong-password" if refused else "source-unreachable",
            f"The schema registry of the topic {self._topic.topic} can't be asked: {why}.",
            place=self._topic.place,
            hint="Check the user and the password in registry." if refused else "Check registry, and that it runs.",
        )
