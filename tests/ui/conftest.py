"""A real browser on a real server, and what every page must keep to: no errors on its console, nothing serious from axe."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
Api = Callable[..., Any]
Audit = Callable[[Page], list[str]]


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, flights_server: str) -> Iterator[Callable[..., Page]]:
    """Opens an address of the UI, with `settled` waits for all it asks for. The test fails where the page wrote an error
    to its console, unless it `fails` on purpose."""
    contexts, errors = [], []

    def opened(
        path: str, *, width: int = 1440, theme: Any = "light", settled: bool = False, fails: bool = False
    ) -> Page:
        phone = width < 760
        context = browser.new_context(
            base_url=flights_server,
            viewport={"width": width, "height": 844 if phone else 900},
            color_scheme=theme,
            is_mobile=phone,
            has_touch=phone,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console", lambda message: errors.append(message.text) if message.type == "error" and not fails else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        page.wait_for_selector("main h1")
        if settled:
            page.wait_for_load_state("networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


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
