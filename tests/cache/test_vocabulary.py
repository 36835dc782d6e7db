"""Texts by prefix are those that begin so, whatever they hold, over all versions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cache.project import row, write_project, write_rows

from lapwing.cache import vocabulary
from lapwing.cache.definition import Definition, define
from lapwing.cache.keys import values_prefix
from lapwing.cache.partition import Partition
from lapwing.cache.stores.memory import MemoryStore
from lapwing.cache.vocabulary import Distinct, texts_of, vocabulary_rows
from lapwing.model.problem import StoreError
from lapwing.query.service import Lapwing


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Definition:
    root = tmp_path_factory.mktemp("vocabulary")
    write_project(root)
    write_rows(root, "rows", [row(datetime(2013, 1, 2))])
    with Lapwing.open(root) as lapwing:
        dataset = lapwing.project.datasets["trips"]
        return define(lapwing.cache.bound("trips"), dataset.rollups["main"], lapwing.project.timezone)


def version(number: int) -> Partition:
    given_fields = dict.fromkeys(Partition.__dataclass_fields__, 0)
    return Partition(**{**given_fields, "version": number})  # type: ignore[arg-type]


def held(definition: Definition, versions: list[list[str | None]]) -> MemoryStore:
    store = MemoryStore()
    for number, texts in enumerate(versions):
        columns = {"shop": pa.array(texts, pa.string()), "town": pa.nulls(len(texts), pa.string())}
        distinct = Distinct(("shop", "town"))
        distinct.add(pa.table(columns))
        store.put(vocabulary_rows(definition, number, distinct.values()))
    return store


def lower(text: str) -> str:
    return str(pc.utf8_lower(pa.scalar(text)).as_py())


TEXTS = st.none() | st.text(st.sampled_from("aAbBÄäß\0 z\U0001f426"), max_size=4) | st.text(max_size=3)
LONG = st.sampled_from(["x" * 199, "x" * 200 + "a", "x" * 200 + "b", "X" * 201, "ä" * 150 + "b"])


@settings(max_examples=150)
@given(
    st.lists(st.lists(TEXTS | LONG, max_size=20), min_size=1, max_size=3),
    st.text(st.sampled_from("aAbBÄäß\0 z"), max_size=3) | LONG,
    st.integers(1, 30),
)
def test_those_that_begin_so(definition: Definition, versions: list[list[str | None]], prefix: str, limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vocabulary, "_TEXTS", 3)
        store = held(definition, versions)
    partitions = [version(number) for number in range(len(versions))]
    texts = {text for texts in versions for text in texts if text is not None}
    expected = sorted((text for text in texts if lower(text).startswith(lower(prefix))), key=lambda t: (lower(t), t))
    assert texts_of(store, definition, partitions, "shop", prefix, limit) == expected[:limit]
    assert texts_of(store, definition, partitions, "town", prefix, limit) == []


def test_a_damaged_row_is_a_problem(definition: Definition) -> None:
    store = held(definition, [["a", "b"]])
    ((key, value),) = list(store.scan(values_prefix(definition.id), b"\xff"))
    for damaged in (value[:3], value[:-1], value[:4] + b"\xff" * 4 + value[8:], b"\xff" * len(value)):
        store.put([(key, damaged)])
        with pytest.raises(StoreError, match="damaged"):
            texts_of(store, definition, [version(0)], "shop", "", 10)


def test_from_rollups_and_from_the_source_alike(tmp_path: Path) -> None:
    write_project(tmp_path)
    shops = ["b", "Bonn", "ü", "a", None, "A", "bo", "ÜBER"]
    write_rows(tmp_path, "rows", [row(datetime(2013, 1 + i % 3, 2), shop, i) for i, shop in enumerate(shops)])
    asked = [("shop", "", 100), ("shop", "b", 2), ("shop", "Ü", 9), ("size", "", 9), ("size", "1", 9), ("far", "f", 9)]
    with Lapwing.open(tmp_path) as lapwing:
        before = [lapwing.cache.values("trips", *one) for one in asked]
        lapwing.cache.build()
        assert [lapwing.cache.values("trips", *one) for one in asked] == before
    assert before[:2] == [("A", "a", "b", "bo", "Bonn", "ü", "ÜBER"), ("b", "bo")]
