"""The server keeps rollups as fresh as they promise, and builds what is asked for."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.test_background import wait_until
from tests.shop import write_shop

from lapwing.cache import refresh
from lapwing.cache.ledger import Ledger, all_ledgers
from lapwing.cache.owner import owner
from lapwing.cache.runs import Result, Run, Why
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.model.checks import rollups as checks
from lapwing.model.problem import NotFound
from lapwing.server.services import Services
from lapwing.server.settings import Settings

PROMISE = 0.5


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop, not built, with a promise that a test can wait for."""
    monkeypatch.setattr(checks, "FRESHEST", checks.FRESHEST * 0)
    monkeypatch.setattr(refresh, "FIRST_RETRY", 0.1)
    found = write_shop(tmp_path / "shop")
    dataset = found / "datasets" / "orders.yaml"
    text = dataset.read_text().replace("partition: month", f"partition: month, freshness: {PROMISE} seconds")
    dataset.write_text(text + "  by_day: {grain: day, dimensions: [shop], partition: month}\n")
    return found


@pytest.fixture
def services(folder: Path) -> Iterator[Services]:
    found = Services.open(Settings(root=folder))
    yield found
    found.close()


def runs(services: Services, rollup: str = "orders.main") -> tuple[Run, ...]:
    return services.lapwing.cache.runs(rollup)


def put(file: Path, text: str) -> None:
    """Writes a file whole at once: someone may be reading."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def restate(folder: Path) -> None:
    """January has fewer orders now."""
    january = folder / "data" / "orders" / "2024-01.csv"
    put(january, "".join(january.read_text().splitlines(keepends=True)[:11]))


def test_what_promises_is_built_and_kept_fresh(services: Services, folder: Path) -> None:
    built = []
    services.refresher.built = lambda: built.append(time.time())
    assert services.refresher.due("orders.main") is None
    services.refresher.start()
    wait_until(lambda: len(runs(services)) >= 3)
    assert [one.result for one in runs(services)[-2:]] == [Result.UNCHANGED, Result.BUILT]
    assert {one.why for one in runs(services)} == {Why.DUE}
    assert runs(services, "orders.by_day") == ()
    assert len(built) == 1
    restate(folder)
    wait_until(lambda: any("restated" in one.causes for one in runs(services)))
    assert services.refresher.due("orders.main") is not None
    began = [one.began for one in runs(services)]
    assert all(later - earlier > 0.4 * PROMISE for later, earlier in itertools.pairwise(began))
    services.refresher.stop()
    count = len(runs(services))
    time.sleep(2 * PROMISE)
    assert len(runs(services)) == count


def test_what_fails_is_told_and_tried_again_until_it_is_well(services: Services, folder: Path) -> None:
    january = folder / "data" / "orders" / "2024-01.csv"
    text = january.read_text()
    put(january, "at,shop,town,amount\nnot a time,a,Wien,1\n")
    services.refresher.start()
    wait_until(lambda: len(runs(services)) >= 3)
    (problem,) = services.refresher.trouble()
    assert problem.code == "time-type"
    assert runs(services)[0].problem is not None
    assert {one.result for one in runs(services)} == {Result.FAILED}
    put(january, text)
    wait_until(lambda: runs(services)[0].result is not Result.FAILED)
    wait_until(lambda: services.refresher.trouble() == ())


def test_what_others_built_waits(services: Services) -> None:
    services.lapwing.cache.build()
    services.refresher.start()
    wait_until(lambda: len(runs(services)) >= 2)
    later, earlier = runs(services)[:2]
    assert (later.why, earlier.why) == (Why.DUE, Why.ASKED)
    assert later.began - earlier.began > 0.4 * PROMISE


def test_who_asks_is_served_without_a_promise(services: Services) -> None:
    (one,) = services.refresher.ask("orders.by_day")
    assert (one.dataset, one.rollups, one.why) == ("orders", ("orders.by_day",), Why.ASKED)
    wait_until(lambda: services.refresher.running() == ())
    (run,) = runs(services, "orders.by_day")
    assert (run.why, run.result) == (Why.ASKED, Result.BUILT)
    with pytest.raises(NotFound):
        services.refresher.ask("orders.nothing")
    with pytest.raises(NotFound):
        services.refresher.cancel("orders")


def test_a_run_waits_for_another_builder_and_can_be_cancelled(services: Services, folder: Path) -> None:
    services.lapwing.cache.build()
    time.sleep(0.02)
    restate(folder)
    store = LmdbStore(folder / ".lapwing" / "store")
    manifest = next(one.read() for one in all_ledgers(store) if one.read().rollup == "orders.main")
    ledger = Ledger(store, "orders.main", manifest.definition, manifest.grain)
    first = manifest.partitions[0]
    with owner() as other:
        (version,) = ledger.reserve([first.start, first.end], other, time.time())
        (one,) = services.refresher.ask("orders.main")
        wait_until(lambda: one.progress is not None and one.progress.action == "waiting")
        (again,) = services.refresher.ask("orders")
        assert again is one
        assert services.refresher.cancel("orders") is one
        wait_until(lambda: services.refresher.running() == ())
        assert runs(services)[0].result is Result.CANCELLED
        ledger.give_up([version])
    store.close()
    (after,) = services.refresher.ask("orders.main")
    wait_until(lambda: services.refresher.running() == ())
    assert not after.cancel.is_set()
    assert runs(services)[0].result is Result.BUILT
