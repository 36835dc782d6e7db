"""Takes the pictures of docs/images from a running server of the flights example: `python -m tools.pictures [ADDRESS]`."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from tests.services.chromium import chromium

IMAGES = Path(__file__).parent.parent / "docs" / "images"
ADDRESS = "http://127.0.0.1:8600"
SIZE = {"width": 1280, "height": 720}
LARGEST = 200_000  # bytes: they are read over the network, each time the README is


def board(page: Page) -> None:
    page.goto("/?as_of=2013-02-09T12:00")
    page.get_by_role("article").nth(1).wait_for()


def metric(page: Page) -> None:
    page.goto("/metrics/flights.cancel_rate?as_of=2013-02-10&sel=2013-02-08T11:00..2013-02-09T13:00")
    page.get_by_text("Expected", exact=True).wait_for()
    page.wait_for_function("!document.querySelector('.gray, .waiting')")


def main(address: str = ADDRESS) -> None:
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for take in (board, metric):
            page = browser.new_context(base_url=address, viewport=SIZE, color_scheme="light").new_page()
            take(page)
            page.wait_for_load_state("networkidle")
            page.mouse.move(0, 0)
            path = IMAGES / f"{take.__name__}.png"
            page.screenshot(path=path)
            size = path.stat().st_size
            print(f"{path.name}: {size:,} bytes")
            if size > LARGEST:
                sys.exit(f"{path.name} is larger than {LARGEST:,} bytes; show less, or at a smaller size.")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
