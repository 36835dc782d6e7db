"""Pages of the browser that tests take and give back. A new page starts a process of its own and costs three times as much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

RESTING = "/api/health"
"""An address of the server where nothing of the UI runs."""


@dataclass
class Watched:
    """A page, and what it wrote to its console as errors since it was taken."""

    page: Page
    fails: bool = False
    """Errors on the console are meant; those that nobody caught never are."""
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(30_000)
        self.page.on("console", self._written)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _written(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self.fails:
            self.errors.append(message.text)


class Pages:
    """Pages of one browser, kept by server and by whether they are a phone's."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._kept: dict[tuple[str, bool], list[Watched]] = {}

    @contextmanager
    def taken(
        self, address: str, *, width: int = 1440, height: int = 900, theme: Any = "light", fails: bool = False
    ) -> Iterator[Watched]:
        """A page as new: at no address of the UI, nothing in its storage, no request answered in the server's place."""
        key = address, width < 760
        kept = self._kept.setdefault(key, [])
        watched = kept.pop() if kept else self._made(*key)
        watched.fails, watched.errors = fails, []
        watched.page.set_viewport_size({"width": width, "height": height})
        watched.page.emulate_media(color_scheme=theme)
        try:
            yield watched
        except BaseException:
            watched.page.context.close()
            raise
        if watched.page.url.startswith(f"{address}/"):
            _clean(watched.page)
            kept.append(watched)
        else:
            watched.page.context.close()

    def _made(self, address: str, phone: bool) -> Watched:
        context = self._browser.new_context(
            base_url=address,
            is_mobile=phone,
            has_touch=phone,
            permissions=["clipboard-read", "clipboard-write"],
        )
        return Watched(context.new_page())


def _clean(page: Page) -> None:
    page.unroute_all(behavior="ignoreErrors")
    page.mouse.move(0, 0)
    page.goto(RESTING)
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
