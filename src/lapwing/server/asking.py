"""Who asks, so that places are shared fairly: the name in the header `Lapwing-User`, else the client's address.

It is no proof of anything, as one token opens a server; it only keeps people from being in each other's way.
"""

from __future__ import annotations

from starlette.requests import Request

USER = "lapwing-user"
_LONGEST = 100


def asking(request: Request) -> str:
    """A name of at most 100 printable characters."""
    name = "".join(letter for letter in request.headers.get(USER, "") if letter.isprintable()).strip()
    if name:
        return name[:_LONGEST]
    return request.client.host if request.client is not None else "unknown"
