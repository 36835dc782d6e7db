"""A real browser on a real server, and what every page must keep to: no errors on its console, nothing serious from axe."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.ui.pages import Pages, Watched

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
Api = Callable[..., Any]
Audit = Callable[[Page], list[str]]


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def open_page(pages: Pages, flights_server: str) -> Iterator[Callable[..., Page]]:
    """Opens an address of the UI, with `settled` waits for all it asks for. The test fails where the page wrote an error
    to its console, unless it `fails` on purpose."""
    taken: list[Watched] = []
    with ExitStack() as stack:

        def opened(
            path: str, *, width: int = 1440, theme: Any = "light", settled: bool = False, fails: bool = False
        ) -> Page:
            height = 844 if width < 760 else 900
            watched = stack.enter_context(
                pages.taken(flights_server, width=width, height=height, theme=theme, fails=fails)
            )
            taken.append(watched)
            watched.page.goto(path)
            watched.page.wait_for_selector("main h1")
            if settled:
                watched.page.wait_for_load_state("networkidle")
            return watched.page

        yield opened
        assert [error for watched in taken for error in watched.errors] == []


@pytest.fixture(scope="session")
def api(flights_server: str) -> Api:
    """Asks the server itself, to hold what a page shows against it."""

    def ask(path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{flights_server}/api{path}", data, {"content-type": "application/json", "accept": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    return ask


@pytest.fixture(scope="session")
def audit() -> Audit:
    """What axe finds wrong with a page at rest, as sentences."""
    source = AXE.read_text(encoding="utf-8")

    def run(page: Page) -> list[str]:
        page.evaluate(source)
        # Colours on their way from one to another are neither.
        page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
        found = page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{one['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
            for one in found
            for node in one["nodes"]
        ]

    return run
