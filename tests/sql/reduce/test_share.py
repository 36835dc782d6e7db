"""What several scans would read alike is read once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lapwing.sql import plans
from lapwing.sql.reduce import choose, share
from lapwing.sql.service import SqlService

ALIKE = [
    "select a.id, b.v from {s}.r a join {s}.r b on a.id = b.k order by all",
    "select a.name from {s}.r a where v > 1 union all select day::varchar from {s}.r b where v > 1 order by all",
    "select (select list(v order by id) from {s}.s where k = 2) v, (select list(id order by id) from {s}.s where k = 2) i",
    "select count(*) from {s}.r a, {s}.r b, {s}.r c where a.k = b.k and b.v = c.v",
]
CONTAINED = [
    "select a.id, b.v from {s}.r a join {s}.r b on a.id = b.k where a.v > 1 order by all",
    "select sum(a.v) from {s}.r a where not exists (select 1 from {s}.r b where b.k = a.id and b.v > 1)",
    "select a.id, b.v, c.k from {s}.r a, {s}.r b, {s}.r c where a.v > 1 and b.v > 1 and b.k = a.id and c.v = b.v order by all",
]
APART = [
    "select a.id, b.v from {s}.r a join {s}.r b on a.id = b.k where a.v > 2 and b.v > 1 order by all",
    "select a.day::varchar d from {s}.r a where a.id = 2 union all select b.name from {s}.r b order by all",
    "select a.id from {s}.r a union all select b.id from {s}.s b order by all",
]


@pytest.fixture(autouse=True)
def planned_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "SECONDS", -1.0)


def reads(service: SqlService, text: str) -> tuple[list[dict[str, object]], int]:
    """A statement's rows, and how many reads they took."""
    with service.run(text) as running:
        rows = pa.Table.from_batches(list(running), running.schema).to_pylist()
        return rows, len(running.progress().scans)


@pytest.mark.parametrize("source", ["lite", "pg", "my"])
@pytest.mark.parametrize("text", ALIKE)
def test_the_same_rows_are_read_once(scattered: SqlService, text: str, source: str) -> None:
    rows, taken = reads(scattered, text.replace("{s}", source))
    assert taken == 1
    assert rows == scattered.table(text.replace("{s}", "own")).to_pylist()


@pytest.mark.parametrize("source", ["lite", "pg", "my"])
@pytest.mark.parametrize("text", CONTAINED)
def test_rows_that_another_scan_has_are_not_read_again(scattered: SqlService, text: str, source: str) -> None:
    rows, taken = reads(scattered, text.replace("{s}", source))
    assert taken == 1
    assert rows == scattered.table(text.replace("{s}", "own")).to_pylist()


def test_without_their_conditions_rows_would_be_missing(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "_holds", lambda wide, scan: wide.table == scan.table)
    text = APART[0]
    rows, _ = reads(scattered, text.replace("{s}", "pg"))
    assert rows != scattered.table(text.replace("{s}", "own")).to_pylist()


@pytest.mark.parametrize("text", APART)
def test_others_are_read_by_themselves(scattered: SqlService, text: str) -> None:
    rows, taken = reads(scattered, text.replace("{s}", "pg"))
    assert taken == 2
    assert rows == scattered.table(text.replace("{s}", "own")).to_pylist()


def test_keys_are_the_same_where_their_providers_are(scattered: SqlService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "WORTH", -1)
    monkeypatch.setattr(choose, "SELECTIVE", 2.0)
    monkeypatch.setattr(choose, "saved_enough", lambda saved, keys: True)
    half = "select {o}.id, {o}.day from {s}.s {o} join lite.t {o}_t on {o}.k = {o}_t.k where {o}_t.v = 3"
    text = f"{half.replace('{o}', 'a')} union all {half.replace('{o}', 'b')} order by all"
    rows, taken = reads(scattered, text.replace("{s}", "pg"))
    assert taken == 2
    assert rows == scattered.table(text.replace("{s}", "own").replace("lite.", "own.")).to_pylist()


def test_explain_tells_whose_rows_they_are(scattered: SqlService) -> None:
    text = scattered.explain("select a.id, b.v from pg.r a join pg.r b on a.id = b.k")
    assert "its rows are those that scan0 reads" in text
    assert text.count("sent to pg") == 1
