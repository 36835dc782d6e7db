"""By-products: what an answer from the source leaves behind answers the next question like it, and is never wrong."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cache.project import DATASET, PROJECT, row, write_project, write_rows
from tests.cache.stores.places import KINDS, place

from lapwing.cache.byproduct_index import Index
from lapwing.cache.keys import by_product_states_prefix as states_prefix
from lapwing.cache.keys import by_products_prefix, prefix_end
from lapwing.cache.service import Cache
from lapwing.cache.stores import open_store
from lapwing.cache.stores.base import RollupStore
from lapwing.cache.worth import Worths
from lapwing.model.grain import Grain
from lapwing.model.problem import Refused
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.service import Lapwing

PLAIN = DATASET[: DATASET.index("rollups:")]
Q = MetricQuery(metrics=("trips", "miles", "shops"), by=("shop", "size"), grain=Grain.parse("day"))
FIRST = datetime.fromisoformat("2013-01-05T03:00")


def made(shop: str, count: int, seed: int = 1) -> list[dict[str, object]]:
    chance = random.Random(seed)
    return [
        row(FIRST + timedelta(minutes=chance.randrange(60 * 24 * 40)), shop, chance.randrange(3), chance.randrange(200))
        for _ in range(count)
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_project(tmp_path, dataset=PLAIN)
    for shop in ("a", "b"):
        write_rows(tmp_path, shop, made(shop, 400, ord(shop)))
    return tmp_path


@pytest.fixture
def lapwing(root: Path) -> Iterator[Lapwing]:
    with Lapwing.open(root) as opened:
        yield opened


def by(answer: Answer) -> str:
    return "+".join(sorted({piece.by for piece in answer.receipt.pieces}))


def asked(lapwing: Lapwing, query: MetricQuery) -> str:
    """Who answered; the answer is the source's, whoever it is."""
    answer = lapwing.answer(query)
    lapwing.cache.settle()
    direct = lapwing.answer(replace(query, wishes=Wishes(cache=False)))
    assert by(direct) == "source"
    assert answer.table.equals(direct.table)
    assert (answer.receipt.missing, answer.receipt.data_until) == (direct.receipt.missing, direct.receipt.data_until)
    return by(answer)


def rows_kept(store: RollupStore) -> tuple[int, int]:
    """By-products, and states of some."""
    prefixes = by_products_prefix(), states_prefix()
    heads, states = (len(list(store.scan(one, prefix_end(one)))) for one in prefixes)
    return heads, states


def test_the_next_question_like_it_is_a_hit(lapwing: Lapwing) -> None:
    assert asked(lapwing, Q) == "source"
    answer = lapwing.answer(Q)
    (piece,) = answer.receipt.pieces
    assert (piece.by, piece.name, piece.measures) == ("by-product", "trips", ("trips", "miles", "shops"))
    assert piece.as_of is not None
    assert asked(lapwing, Q) == "by-product"
    assert [piece.by for piece in lapwing.explain(Q).pieces] == ["by-product"]


@pytest.mark.parametrize(
    "change",
    [
        {"grain": Grain.parse("month")},
        {"grain": Grain.parse("week")},
        {"grain": None},
        {"by": ("size",)},
        {"by": ()},
        {"metrics": ("miles",)},
        {"where": "shop = 'a'"},
        {"where": "size > 0 and shop in ('a', 'c') or size is null"},
        {"where": "shop like 'a%'", "by": ("size",)},
        {"start": "2013-01-10", "end": "2013-01-20"},
        {"start": "2013-01-10", "end": "2013-01-20", "grain": None, "by": ()},
        {"start": "2012-12-30T20:00", "end": "2013-03-01"},  # before and after its time there is nothing
        {"zone": "America/Toronto"},  # whose days are New York's
    ],
)
def test_what_asks_for_less_is_a_hit(lapwing: Lapwing, change: dict[str, Any]) -> None:
    assert asked(lapwing, Q) == "source"
    assert asked(lapwing, replace(Q, **change)) == "by-product"


@pytest.mark.parametrize(
    "change",
    [
        {"grain": Grain.parse("hour")},
        {"by": ("shop", "town")},
        {"metrics": ("trips", "heavy")},
        {"where": "town = 'Bonn'"},
        {"zone": "UTC"},
        {"start": "2013-01-10T06:00", "end": "2013-01-20"},
    ],
)
def test_what_asks_for_more_is_not(lapwing: Lapwing, change: dict[str, Any]) -> None:
    assert asked(lapwing, Q) == "source"
    assert asked(lapwing, replace(Q, **change)) == "source"


def test_quarters_of_hours_answer_in_every_zone(lapwing: Lapwing) -> None:
    assert asked(lapwing, replace(Q, grain=Grain.parse("15 minutes"), by=())) == "source"
    for zone in ("UTC", "Asia/Kathmandu", "Australia/Lord_Howe"):
        for grain in ("hour", "day", "week"):
            assert asked(lapwing, replace(Q, grain=Grain.parse(grain), by=(), zone=zone)) == "by-product"


def test_its_filter_is_a_part_of_what_it_covers(lapwing: Lapwing) -> None:
    kept = replace(Q, where="shop in ('a', 'b') and size > 0")
    assert asked(lapwing, kept) == "source"
    assert asked(lapwing, replace(kept, where="size > 0 and shop in ('a', 'b') and size < 2")) == "by-product"
    assert asked(lapwing, replace(kept, where="shop = 'b' and size > 0")) == "by-product"
    for other in (None, "size > 0", "shop in ('a', 'c') and size > 0", "shop in ('a', 'b') or size > 0"):
        with Lapwing.open(lapwing.project.root) as fresh:
            fresh.cache.settle()
            assert by(fresh.answer(replace(kept, where=other, by=()))) == "source", other


def test_wishes_keep_their_meaning(lapwing: Lapwing) -> None:
    exact = replace(Q, metrics=("trips",))
    assert asked(lapwing, exact) == "source"
    assert by(lapwing.answer(replace(exact, wishes=Wishes(cache=False)))) == "source"
    assert by(lapwing.answer(replace(exact, wishes=Wishes(exact=True)))) == "by-product"
    assert by(lapwing.answer(replace(exact, wishes=Wishes(max_staleness=0)))) == "by-product"
    with pytest.raises(Refused, match="source is not to be asked"):  # nobody would say whether it is still so
        lapwing.answer(replace(exact, start="2013-01", end="2013-02", wishes=Wishes(cache_only=True)))


def test_an_answer_without_the_cache_leaves_nothing(lapwing: Lapwing) -> None:
    lapwing.answer(replace(Q, wishes=Wishes(cache=False)))
    lapwing.cache.settle()
    assert asked(lapwing, Q) == "source"


def test_what_has_changed_is_not_used(lapwing: Lapwing) -> None:
    assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "by-product"]
    write_rows(lapwing.project.root, "c", made("c", 50))
    assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "by-product"]
    write_rows(lapwing.project.root, "a", made("a", 50, 9))
    assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "by-product"]
    (lapwing.project.root / "data" / "trips" / "c.parquet").unlink()
    assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "by-product"]


def test_what_is_so_old_is_used_where_that_is_wished(lapwing: Lapwing) -> None:
    query = replace(Q, start="2013-01-06", end="2013-02-01")
    before = lapwing.answer(query).table
    lapwing.cache.settle()
    write_rows(lapwing.project.root, "c", made("c", 50))
    old = lapwing.answer(replace(query, wishes=Wishes(max_staleness=3600)))
    assert (by(old), old.table.equals(before)) == ("by-product", True)
    assert asked(lapwing, query) == "source"


@pytest.mark.parametrize(
    "asks",
    [
        'far: {sql: "shop < cast(now() as varchar)"}',
        "far: {sql: random() < 2}",
        'far: {sql: "shop < cast(TODAY() as varchar)"}',
    ],
)
def test_a_dataset_that_asks_the_clock_leaves_nothing(root: Path, asks: str) -> None:
    (root / "datasets" / "trips.yaml").write_text(PLAIN.replace("far: {sql: distance > 100}", asks))
    with Lapwing.open(root) as lapwing:
        assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "source"]


def test_rows_beyond_its_time_are_seen(lapwing: Lapwing) -> None:
    january = replace(Q, grain=None, start="2013-01-01", end="2013-03-01")
    wider = replace(january, start="2012-12-01", end="2013-05-01")
    assert [asked(lapwing, january), asked(lapwing, wider)] == ["source", "by-product"]
    write_rows(lapwing.project.root, "later", [row(datetime.fromisoformat("2013-04-02T00:00"))])
    assert asked(lapwing, wider) == "source"


def test_it_survives_a_restart(root: Path) -> None:
    with Lapwing.open(root) as first:
        first.answer(Q)
    with Lapwing.open(root) as second:
        assert asked(second, Q) == "by-product"
    (root / "datasets" / "trips.yaml").write_text(PLAIN.replace("miles: {sum: distance}", "miles: {sum: distance + 1}"))
    with Lapwing.open(root) as third:
        assert asked(third, Q) == "source"


@pytest.mark.parametrize("states", [False, True])
@pytest.mark.parametrize("how", ["damaged", "gone", "short"])
def test_a_damaged_one_is_a_miss_and_removed(root: Path, how: str, states: bool) -> None:
    with Lapwing.open(root) as first:
        first.answer(Q)
    store = open_store(first.project.store)
    prefix = states_prefix() if states else by_products_prefix()
    ((key, value),) = store.scan(prefix, prefix_end(prefix))
    if how == "gone":
        store.delete_prefix(key)
    else:
        store.put([(key, value[:20] if how == "short" else value[:-1] + bytes([value[-1] ^ 1]))])
    with Lapwing.open(root) as second:
        assert by(second.answer(replace(Q, by=()))) == "source"
        second.cache.settle()
        heads, held = rows_kept(store)
        assert heads == held == 1  # that of the answer just given
    store.close()


def test_states_that_nothing_names_are_removed(root: Path) -> None:
    store = open_store(Lapwing.open(root).project.store)
    store.put([(states_prefix() + bytes(16), b"left by a process that was killed")])
    with Lapwing.open(root) as lapwing:
        lapwing.answer(Q)
        lapwing.cache.settle()
        assert rows_kept(store) == (1, 1)
    store.close()


def test_none_are_kept_where_there_is_no_room(root: Path) -> None:
    (root / "lapwing.yaml").write_text(PROJECT + "by_products: {megabytes: 0}\n")
    with Lapwing.open(root) as lapwing:
        assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "source"]


def test_room_goes_to_those_that_are_worth_it(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        lapwing.answer(Q)
        lapwing.cache.settle()
        store = open_store(lapwing.project.store)
        whole = Index(store, 10**9)
        (one,) = list(lapwing.cache._by_products._index._known.values())
        tight = Index(store, 3 * one.bytes)
        for number in range(1, 9):
            tight.add(replace(one, id=bytes([number] * 16), cost=100.0 if number == 1 else 1.0), b"states")
        kept = {found.id for found in whole.of(one.meaning)}
        assert len(kept) == 3
        assert bytes([1] * 16) in kept  # saves the most
        assert bytes([8] * 16) in kept  # was just made
        store.close()


def test_what_is_no_longer_used_ages() -> None:
    worths = Worths(100)
    worths.add(b"once dear", 50, 300.0)
    for number in range(1, 40):
        worths.add(b"%d" % number, 50, 40.0)
        worths.use(b"%d" % number)
        gone = list(worths.excess())
        if b"once dear" in gone:
            break
    assert 2 < number < 39
    assert worths.size <= 100


@pytest.mark.parametrize("kind", KINDS)
def test_every_store_keeps_them(root: Path, kind: str, request: pytest.FixtureRequest) -> None:
    with Lapwing.open(root) as lapwing:
        store = open_store(place(kind, request))
        lapwing._cache = Cache(lapwing.project, lapwing.sql, store)
        assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "by-product"]
        assert rows_kept(store) == (1, 1)
        write_rows(root, "c", made("c", 20))
        assert [asked(lapwing, Q), asked(lapwing, Q)] == ["source", "by-product"]


OTHER = """
import sys
from pathlib import Path
from typing import Any
sys.path.insert(0, {tree!r})
from tests.cache.test_byproducts import racing
racing(Path(sys.argv[1]), int(sys.argv[2]))
"""


def racing(root: Path, seed: int) -> int:
    """Random questions in short of room, while another process asks, too; how many were hits."""
    chance, hits = random.Random(seed), 0
    with Lapwing.open(root) as lapwing:
        lapwing.cache._by_products._index._worths._budget = 6_000
        for _ in range(25):
            query = MetricQuery(
                metrics=tuple(chance.sample(["trips", "miles", "longest"], 2)),
                by=tuple(chance.sample(["shop", "size"], chance.randrange(3))),
                grain=Grain.parse(chance.choice(["day", "week", "month"])),
            )
            hits += asked(lapwing, query) == "by-product"
    return hits


def test_processes_share_them(root: Path) -> None:
    text = OTHER.format(tree=str(Path(__file__).parents[2]))
    other = subprocess.Popen([sys.executable, "-c", text, str(root), "1"], stderr=subprocess.PIPE, text=True)
    assert racing(root, 2) > 2
    _, trouble = other.communicate(timeout=120)
    assert other.returncode == 0, trouble
    with Lapwing.open(root) as lapwing:
        store = open_store(lapwing.project.store)
        heads, states = rows_kept(store)
        assert 0 < heads == states
        store.close()


def test_an_answer_does_not_wait_for_what_is_kept(root: Path) -> None:
    with Lapwing.open(root) as lapwing:
        index, free = lapwing.cache._by_products._index, threading.Event()
        add, index.add = index.add, lambda *given: (free.wait(30), add(*given))[1]  # type: ignore[method-assign]
        for number in range(20):  # more than may wait: the rest is let go
            assert by(lapwing.answer(replace(Q, where=f"size <> {number}"))) == "source"
        free.set()
        assert lapwing.cache.settle()
        assert 0 < len(index._known) <= 10


POSTGRES = """name: shop
timezone: UTC
sources:
  there: {type: postgres, dsn: "${SALES_DSN}"}
store: {type: memory}
"""
SALES = """dataset: sales
table: there.by_product_sales
time: {column: sold}
complete_after: 0 hours
dimensions: {shop: {}}
measures: {sales: {count: "*"}, amount: {sum: amount}}
"""


def test_where_marks_take_a_while_one_is_kept_once_nothing_changed_between_two(
    tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    monkeypatch.setenv("SALES_DSN", postgres_dsn)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "lapwing.yaml").write_text(POSTGRES)
    (tmp_path / "datasets" / "sales.yaml").write_text(SALES)
    with psycopg.connect(postgres_dsn, autocommit=True) as there, Lapwing.open(tmp_path) as lapwing:
        there.execute("drop table if exists by_product_sales")
        there.execute("create table by_product_sales (sold timestamptz, shop text, amount bigint)")
        there.execute("insert into by_product_sales values ('2024-01-01', 'a', 1), ('2024-01-03', 'b', 2)")
        query = MetricQuery(metrics=("sales", "amount"), by=("shop",), start="2024-01-01", end="2024-02-01")
        assert [asked(lapwing, query) for _ in range(3)] == ["source", "source", "by-product"]
        there.execute("update by_product_sales set amount = 5 where shop = 'a'")
        assert [asked(lapwing, query) for _ in range(3)] == ["source", "source", "by-product"]
        there.execute("delete from by_product_sales where shop = 'a'")
        assert asked(lapwing, query) == "source"
        there.execute("drop table by_product_sales")
