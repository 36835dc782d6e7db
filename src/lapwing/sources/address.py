"""Addresses of servers, as lapwing.yaml has them: `scheme://user:password@host:port/path?option=value`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from lapwing.model.names import nearest
from lapwing.model.problem import LapwingError, Place, SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What an address says; None or empty where it says nothing. `options` have only names that were allowed; they may hold
    secrets, too."""

    host: str | None
    port: int | None
    user: str | None
    password: str | None = field(repr=False)
    path: tuple[str, ...]
    options: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressForm:
    """How the addresses of a kind of server are written: what they are of, the names of options (in small letters, with
    hyphens or underscores as here; others may write the other), and an example."""

    of: str
    options: Sequence[str]
    example: str

    def read(self, dsn: str, place: Place | None = None) -> Address:
        """What `dsn` says.

        Raises:
            SourceError: the address is wrong; never with the secrets in the text.
        """
        try:
            parts = urlsplit(dsn)
            given = dict(parse_qsl(parts.query))
            port = parts.port
        except ValueError as error:
            raise self.wrong("its port or host is none", place) from error
        meant = {name.replace("-", "_"): name for name in self.options}
        options: dict[str, str] = {}
        for name, value in given.items():
            known = meant.get(name.lower().replace("-", "_"))
            if known is None:
                raise self.wrong(f"{name} is no option", place, tuple(nearest(name, self.options) or self.options))
            options[known] = value
        return Address(
            host=parts.hostname,
            port=port,
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            path=tuple(unquote(one) for one in parts.path.strip("/").split("/") if one),
            options=options,
        )

    def wrong(self, why: str, place: Place | None, near: Sequence[str] = ()) -> LapwingError:
        """The error for an address of this form."""
        says = f"The address of a {self.of} can't be read: {why}."
        return SourceError.of("bad-dsn", says, place=place, nearest=tuple(near), hint=f'Write "{self.example}".')
