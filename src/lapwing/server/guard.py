"""Who may ask: the host the browser thinks it talks to, the page it comes from, the token; and what the browser is told.

A page of some other site may send requests to this machine. The Host check stops one that made its name point here (DNS
rebinding), the Origin check one that posts across sites. A plain ASGI middleware, so that streams pass untouched.
"""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lapwing.model.problem import Problem
from lapwing.server.problem import LARGEST_BODY, TOO_LARGE, response
from lapwing.server.settings import Settings, is_loopback

COOKIE = "lapwing_token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Wraps `app`; refuses what may not be asked, and adds the security headers to all answers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith("/api"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, guarded_send)
        else:
            await self.app(scope, _limited(receive), guarded_send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = _host(headers.get("host", ""))
        if self.settings.loopback and not is_loopback(host):
            says = f"This server answers to this machine's own names, not to {host or 'none'}."
            hint = "Open it by 127.0.0.1 or localhost, or start it with --host and a token."
            return response(403, Problem("wrong-host", says, hint=hint))
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in _SAFE and urlsplit(origin).netloc != headers.get("host"):
            return response(403, Problem("wrong-origin", f"Pages of {origin} may not change things here."))
        refused = self._without_token(scope, headers)
        if refused is None and scope["method"] == "POST":
            refused = _bad_body(headers)
        return refused

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        token = self.settings.token
        if token is None or scope["path"] == "/api/health":
            return None
        given = headers.get("authorization", "")
        if _same(given.removeprefix("Bearer ").strip(), token) or _same(_cookie(headers), token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and any(name == "token" and _same(value, token) for name, value in query):
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            # Relative to this server, whatever the path looks like: "//elsewhere" must not lead there.
            page = RedirectResponse("/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else ""), 303)
            page.set_cookie(COOKIE, token, httponly=True, samesite="strict", max_age=30 * 86_400)
            return page
        hint = "Send the header `Authorization: Bearer TOKEN`, or open the page with ?token=TOKEN once."
        refusal = Problem("token-needed", "This server asks for its token.", hint=hint)
        return response(401, refusal, headers={"www-authenticate": "Bearer"})


def _bad_body(headers: Headers) -> Response | None:
    """Every body is JSON. That it says so also keeps out forms of other sites, which can't."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        says = f"The body is {kind}, not JSON." if kind else "The body is of no stated type."
        return response(
            415, Problem("not-json", says, hint="Send JSON, and the header `Content-Type: application/json`.")
        )
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        return response(413, Problem("too-large", TOO_LARGE))
    return None


def _limited(receive: Receive) -> Receive:
    """`receive` that stops a body without a stated length once it is too long."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise HTTPException(413)
        return message

    return counted


def _host(header: str) -> str:
    """The name in a Host header, without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
