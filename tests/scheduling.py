"""Which files of tests run in one process, and when. A process starts each service that its tests need: files that need a
costly one stay together, and what takes long comes first, so that no processor waits for the other at the end."""

from __future__ import annotations

from collections import Counter

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    "a served year of flights, and a browser": (
        "tests/ui/",
        "tests/sql/test_flights.py",
        "tests/query/test_service.py",
        "tests/query/init/test_make.py",
        "tests/alerts/test_service.py",
        "tests/docs/test_pages.py",
    ),
    "a Trino": (
        "tests/sql/whole/",
        "tests/sql/test_trino_pushdown.py",
        "tests/sources/test_trino.py",
        "tests/sources/test_contract.py",
    ),
    "a served shop": (
        "tests/server/test_detached.py",
        "tests/server/test_fuzz.py",
        "tests/server/test_openapi.py",
        "tests/server/test_problem.py",
        "tests/server/test_routes.py",
        "tests/server/test_sql_route.py",
        "tests/server/test_static_files.py",
        "tests/server/test_guard.py",
        "tests/server/test_many_clients.py",
        "tests/server/postgres/",
    ),
    "a Spark": ("tests/cache/builders/test_spark",),
    "a broker of Kafka": ("tests/sources/test_kafka",),
}
"""Beginnings of paths, by what the files share. The costliest first."""
LONG = (
    "tests/examples/test_two_homes.py",
    "tests/cache/builders/test_dataflow.py",
    "tests/cache/builders/test_beam.py",
    "tests/benchmarks/test_injected.py",
)
"""Few tests, each of which takes long."""


class Together(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out what belongs together as one piece."""

    def _split_scope(self, nodeid: str) -> str:
        return piece(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        sizes = Counter(piece(item.nodeid) for item in items)
        first = {name: place for place, name in enumerate((*TOGETHER, *LONG))}
        items.sort(key=lambda item: (first.get(piece(item.nodeid), len(first)), -sizes[piece(item.nodeid)]))


def piece(nodeid: str) -> str:
    """What a test is handed out with: the name of its group, or its file."""
    file = nodeid.partition("::")[0]
    return next((name for name, files in TOGETHER.items() if file.startswith(files)), file)
