"""lapwing rollups."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.cache import faults
from tests.cli.conftest import Lapwing

from lapwing.cache.keys import prefix_end, rollup_prefix
from lapwing.cache.ledger import all_ledgers
from lapwing.cache.stores.lmdb import LmdbStore
from lapwing.query.service import Lapwing as Project


@pytest.fixture
def restated(lapwing: Lapwing, own_shop: Path) -> Path:
    """January was built, and restated with fewer orders."""
    assert lapwing("-p", own_shop, "build").code == 0
    time.sleep(0.02)
    (january,) = (own_shop / "data" / "orders").glob("*01.csv")
    january.write_text("".join(january.read_text().splitlines(keepends=True)[:11]))
    time.sleep(0.02)
    assert lapwing("-p", own_shop, "build").code == 0
    return own_shop


def orders(lapwing: Lapwing, shop: Path) -> int:
    answer = lapwing("-p", shop, "query", "--metrics", "orders", "--from", "2024-01", "--to", "2024-02", "--json").json
    assert [piece["by"] for piece in answer["receipt"]["pieces"]] == ["rollup"]
    found: int = answer["rows"][0]["orders"]
    return found


def test_list(lapwing: Lapwing, restated: Path) -> None:
    (row,) = lapwing("rollups", "list", "-p", restated, "--json").json["rollups"]
    assert (row["rollup"], row["partitions"], row["past_versions"], row["stale"]) == ("orders.main", 3, 3, False)
    said = lapwing("-p", restated, "rollups", "list", "orders")
    assert "orders.main" in said.text
    assert lapwing("-p", restated, "rollups", "list", "nothing").code == 2


def test_history(lapwing: Lapwing, restated: Path) -> None:
    said = lapwing("-p", restated, "rollups", "history", "--to", "2024-01-15", "--json").json["versions"]
    assert [(one["cause"], one["until"] is None) for one in said if one["start"] == "2023-12-31T23:00:00Z"] == [
        ("restated", True),
        ("built", False),
    ]
    text = lapwing("-p", restated, "rollups", "history", "orders.main").text
    assert "restated" in text


def test_rollback_and_what_is_not_kept(lapwing: Lapwing, restated: Path) -> None:
    few = orders(lapwing, restated)
    command = ("-p", restated, "rollups", "rollback", "orders", "--from", "2024-01-15", "--to", "2024-01-16")
    dry = lapwing(*command, "--dry-run", "--json").json
    assert dry["dry_run"]
    assert orders(lapwing, restated) == few
    done = lapwing(*command, "--json")
    assert done.code == 0
    assert done.json["rolled_back"] == dry["rolled_back"]
    many = orders(lapwing, restated)
    assert many > few
    assert lapwing("-p", restated, "build", "--json").json["rollups"][0]["built"] == 0
    assert orders(lapwing, restated) == many
    (back,) = done.json["rolled_back"]
    assert lapwing(*command, "--version", back["before"]).code == 0
    assert orders(lapwing, restated) == few
    refused = lapwing(*command, "--version", "99")
    assert (refused.code, "Version 99" in refused.err) == (2, True)
    assert lapwing(*command, "--as-known-at", "2001-01-01").code == 1
    assert lapwing("-p", restated, "rollups", "rollback").code == 2


def test_rollback_to_a_moment(lapwing: Lapwing, restated: Path) -> None:
    versions = lapwing("-p", restated, "rollups", "history", "--json").json["versions"]
    since = max(one["since"] for one in versions if one["until"] is not None)
    then = (datetime.fromisoformat(since) + timedelta(milliseconds=1)).isoformat()
    few = orders(lapwing, restated)
    assert lapwing("-p", restated, "rollups", "rollback", "orders", "--as-known-at", then).code == 0
    assert orders(lapwing, restated) > few


def test_verify_and_repair(lapwing: Lapwing, restated: Path) -> None:
    said = lapwing("-p", restated, "rollups", "verify")
    assert (said.code, "All is as it was written" in said.text) == (0, True)
    store = LmdbStore(restated / ".lapwing" / "store")
    (ledger,) = all_ledgers(store)
    version = ledger.read().partitions[-1].version
    prefix = rollup_prefix(ledger.id, version)
    key, value = next(iter(list(store.scan(prefix, prefix_end(prefix)))))
    store.put([(key, value[:-1] + bytes((value[-1] ^ 1,)))])
    store.close()
    said = lapwing("-p", restated, "rollups", "verify", "--json")
    assert said.code == 1
    (finding,) = said.json["findings"]
    assert (finding["check"], finding["version"]) == ("chunk", version)
    said = lapwing("-p", restated, "rollups", "verify", "--repair", "--json")
    assert (said.code, said.json["repaired"]) == (0, True)
    assert lapwing("-p", restated, "rollups", "verify").code == 0


def test_runs(lapwing: Lapwing, restated: Path) -> None:
    last, first = lapwing("-p", restated, "rollups", "runs", "--json").json["runs"]
    assert (last["why"], last["result"], last["causes"], last["unchanged"]) == (
        "asked",
        "built",
        {"restated": 2, "extended": 1},
        0,
    )
    assert (first["built"], first["causes"], first["whole"]) == (3, {"built": 3}, True)
    assert first["problem"] is None
    said = lapwing("-p", restated, "rollups", "runs", "orders.main", "--limit", "1")
    assert (said.code, "2 restated" in said.text, "3 built" in said.text) == (0, True, False)
    (restated / "data" / "orders" / "2024-02.csv").write_text("at,shop,town,amount\nno time,a,Wien,1\n")
    assert lapwing("-p", restated, "build").code == 1
    said = lapwing("-p", restated, "rollups", "runs", "--limit", "1")
    assert (said.code, "failed" in said.text) == (0, True)
    assert lapwing("-p", restated, "rollups", "runs", "nothing").code == 2


def test_what_is_late_is_told(lapwing: Lapwing, own_shop: Path) -> None:
    dataset = own_shop / "datasets" / "orders.yaml"
    dataset.write_text(dataset.read_text().replace("partition: month", "partition: month, freshness: 10 seconds"))
    said = lapwing("-p", own_shop, "rollups", "list")
    assert "orders.main is late. No run over all of it has ended well yet, and 10 seconds are promised." in said.text
    assert lapwing("-p", own_shop, "build").code == 0
    (row,) = lapwing("-p", own_shop, "rollups", "list", "--json").json["rollups"]
    assert (row["freshness"], row["late"], row["late_by_seconds"]) == ("10 seconds", False, None)
    began = lapwing("-p", own_shop, "rollups", "runs", "--json").json["runs"][0]["began"]
    assert abs(datetime.fromisoformat(row["as_of"]) - datetime.fromisoformat(began)) < timedelta(milliseconds=1)
    assert "late" not in lapwing("-p", own_shop, "rollups", "list").text


def test_an_action_is_needed(lapwing: Lapwing, own_shop: Path) -> None:
    said = lapwing("-p", own_shop, "rollups")
    assert (said.code, "ACTION" in said.err) == (2, True)
    said = lapwing("-p", own_shop, "rollups", "histroy")
    assert said.code == 2
    said = lapwing("-p", own_shop, "rollups", "list", "--nocheck")
    assert (said.code, "--no-check" in said.err) == (2, True)


def test_what_was_known_and_what_was_restated(lapwing: Lapwing, restated: Path) -> None:
    versions = lapwing("-p", restated, "rollups", "history", "--json").json["versions"]
    since = max(one["since"] for one in versions if one["until"] is not None)
    then = (datetime.fromisoformat(since) + timedelta(milliseconds=1)).isoformat()
    january = ("--metrics", "orders", "--from", "2024-01", "--to", "2024-02", "--json")
    few = orders(lapwing, restated)
    answer = lapwing("-p", restated, "query", *january, "--as-known-at", then).json
    many = answer["rows"][0]["orders"]
    assert many > few
    assert answer["receipt"]["as_known_at"].startswith(then[:19])
    (row,) = lapwing("-p", restated, "query", *january, "--restated-since", then).json["rows"]
    assert row == {"orders": few, "orders_before": many, "orders_restated": few - many}
    refused = lapwing("-p", restated, "query", *january, "--as-known-at", "2001-01-01")
    assert (refused.code, "remembered from" in refused.err) == (1, True)


def break_january(shop: Path) -> None:
    """A buggy builder's January: one order too few."""
    with Project.open(shop) as project:
        cache = project.cache
        main = faults.definitions(cache, "orders")["orders.main"]
        faults.rebuild(cache, main, faults.partition(cache, main), faults.other_numbers({"orders": "n"}))


def test_audit(lapwing: Lapwing, own_shop: Path) -> None:
    assert lapwing("-p", own_shop, "build").code == 0
    first = lapwing("-p", own_shop, "rollups", "audit", "--json")
    assert first.code == 0
    assert first.json["outcomes"] == {"equal": first.json["partitions"]}
    assert "equal" in lapwing("-p", own_shop, "rollups", "audit", "--all").text
    right = orders(lapwing, own_shop)
    break_january(own_shop)
    assert orders(lapwing, own_shop) == right - 1
    found = lapwing("-p", own_shop, "rollups", "audit", "orders.main", "--all", "--json")
    assert found.code == 1
    (incident,) = found.json["open"]
    assert found.json["opened"] == [incident]
    (difference,) = incident["differences"]
    assert (difference["measure"], difference["kept"], difference["source"]) == ("orders", 0, 1)
    assert set(difference["group"]) == {"shop", "town", "country"}
    (row,) = lapwing("-p", own_shop, "rollups", "list", "--json").json["rollups"]
    assert (row["incidents"], row["quarantined"], row["audited"], row["stale"]) == (1, 1, row["partitions"] - 1, True)
    shown = lapwing("-p", own_shop, "rollups", "audit", "--seconds", "0")
    assert shown.code == 1
    assert f"incident {incident['id']}" in shown.text
    assert "is 0, at the source 1" in shown.text
    mended = lapwing("-p", own_shop, "rollups", "audit", "--repair", "--seconds", "0")
    assert mended.code == 0
    assert "is in order again" in mended.text
    assert orders(lapwing, own_shop) == right
    again = lapwing("-p", own_shop, "rollups", "audit", "--all", "--json").json
    assert (again["open"], again["outcomes"]) == ([], {"equal": again["partitions"]})


def test_audit_of_what_is_not_there(lapwing: Lapwing, own_shop: Path) -> None:
    assert lapwing("-p", own_shop, "build").code == 0
    assert lapwing("-p", own_shop, "rollups", "audit", "nothing").code == 2
    assert lapwing("-p", own_shop, "rollups", "audit", "--seconds", "-1").code == 2
    assert lapwing("-p", own_shop, "rollups", "audit", "--seconds", "3", "--all").code == 2
    (own_shop / "places.db").rename(own_shop / "gone.db")
    said = lapwing("-p", own_shop, "rollups", "audit", "--json")
    assert said.json["open"] == []
    assert said.json["outcomes"] == {"unanswered": said.json["partitions"]}


def test_advice_is_written_and_then_answers(lapwing: Lapwing, own_shop: Path) -> None:
    file = own_shop / "datasets" / "orders.yaml"
    before = file.read_text()
    file.write_text(before[: before.index("rollups:")])
    nothing = lapwing("-p", own_shop, "rollups", "advise")
    assert (nothing.code, "No rollup to propose" in nothing.text) == (0, True)
    words = "query --metrics orders --grain day --from 2024-01 --to 2024-03 --json"
    ask = ("-p", own_shop, *words.split())
    assert [piece["by"] for piece in lapwing(*ask).json["receipt"]["pieces"]] == ["source"]
    assert [piece["by"] for piece in lapwing(*ask).json["receipt"]["pieces"]] == ["by-product"]  # of another process
    said = lapwing("-p", own_shop, "rollups", "advise", "orders", "--json").json
    assert [one["questions"] for one in said["advice"]] == [2]
    assert (said["left"], said["written"]) == ([], [])
    text = lapwing("-p", own_shop, "rollups", "advise", "--write").text
    assert "wrote datasets/orders.yaml" in text
    assert "cells" in text
    assert file.read_text().startswith(before[: before.index("rollups:")])
    assert lapwing("-p", own_shop, "check").code == 0
    assert lapwing("-p", own_shop, "build").code == 0
    assert [piece["by"] for piece in lapwing(*ask).json["receipt"]["pieces"]] == ["rollup"]
    assert lapwing("-p", own_shop, "rollups", "advise", "order").code == 2
