"""Which scans may have their rows from another, from what the plan says of them: each reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from lapwing.sources.base import Column, Source, Table
from lapwing.sql.nodes import Condition, Key, Plan, Scan
from lapwing.sql.reduce.share import MOST, shared

ID, NAME = Column("id", "BIGINT"), Column("name", "VARCHAR")
TABLE = Table("pg", "", "r", (ID, NAME, Column("v", "BIGINT")), rows=1_000)
OTHER = replace(TABLE, name="s")
ONE = Scan(
    id="a", table=TABLE, alias="r", kind="postgres", native=False, columns=(ID,), used=1, rows=1_000, sql="ids"
)  # fmt: skip
TWO = replace(ONE, id="b", columns=(NAME,))
FILTER, ANOTHER = Condition("id > 3", '"id" > 3', None), Condition("id < 9", '"id" < 9', None)
FEW = replace(TWO, conditions=(FILTER,), columns=(ID,), rows=900)
KEY = Key(ID, "c", ID, 5)
KEYED = replace(ONE, id="c", table=OTHER, keys=(Key(ID, "b", ID, 5),))


@dataclass(frozen=True)
class Statement:
    """Of a plan, what is looked at here."""

    scans: tuple[Scan, ...]
    feeds: Mapping[str, str] = field(default_factory=dict)


class Place:
    def scan_sql(self, table: Table, columns: tuple[Column, ...], where: str | None) -> str:
        return f"{table.name}: {', '.join(one.name for one in columns)} where {where}"


def from_others(*scans: Scan) -> dict[str, str]:
    """Whose rows each scan has that reads none."""
    plan = cast("Plan", Statement(scans, {f"feed_{one.id}": one.id for one in scans}))
    made = shared(plan, cast("Mapping[str, Source]", {"pg": Place()}))
    found = {scan.id: scan.shares for scan in made.scans if scan.shares is not None}
    assert dict(made.feeds) == {f"feed_{one.id}": found.get(one.id, one.id) for one in scans}
    assert (made is plan) is not bool(found)
    return found


def test_alike() -> None:
    assert from_others(ONE, TWO) == {"b": "a"}
    assert from_others(ONE, TWO, replace(ONE, id="c")) == {"b": "a", "c": "a"}
    made = shared(cast("Plan", Statement((ONE, TWO))), cast("Mapping[str, Source]", {"pg": Place()}))
    assert (made.scans[0].columns, made.scans[0].many, made.scans[0].sql) == (
        (ID, NAME),
        True,
        "r: id, name where None",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"whole": True},
        {"used": 0},
        {"limit": 5},
        {"rows": None},
        {"rows": MOST + 1},
        {"native": True},
        {"table": OTHER},
    ],
)
def test_not_alike(changed: dict[str, Any]) -> None:
    one, two = (replace(scan, **changed) for scan in (ONE, TWO))
    assert from_others(ONE, two) == from_others(one, TWO) == {}
    if "table" not in changed:
        assert from_others(one, two) == {}


def test_those_of_native_scans_are_kept_if_one_is() -> None:
    one, two = replace(ONE, native=True), replace(TWO, native=True)
    assert from_others(replace(one, held=True), two) == {"b": "a"}
    lists = Column("l", "BIGINT[]")
    assert from_others(replace(one, held=True), replace(two, columns=(lists,))) == {}


def test_contained() -> None:
    assert from_others(ONE, FEW) == from_others(FEW, ONE) == {"b": "a"}
    assert from_others(replace(ONE, keys=(KEY,)), replace(FEW, keys=(KEY,))) == {"b": "a"}
    assert from_others(replace(ONE, conditions=(FILTER,)), replace(FEW, conditions=(FILTER, ANOTHER))) == {"b": "a"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (ONE, replace(FEW, table=OTHER)),
        (replace(ONE, keys=(KEY,)), FEW),
        (ONE, replace(FEW, keys=(KEY,))),
        (replace(ONE, conditions=(ANOTHER,)), FEW),
        (replace(ONE, limit=5), FEW),
        (ONE, replace(FEW, limit=5)),
        (replace(ONE, grouped=True), replace(FEW, grouped=True)),
        (replace(ONE, native=True), replace(FEW, native=True)),
        (ONE, replace(FEW, columns=(NAME,), rows=5)),  # a thousand names to save five
    ],
)
def test_not_contained(one: Scan, two: Scan) -> None:
    assert from_others(one, two) == {}


def test_not_where_others_wait_for_its_values() -> None:
    assert from_others(ONE, FEW, KEYED) == {}
    assert from_others(ONE, replace(FEW, id="d"), KEYED) == {"d": "a"}
    assert from_others(replace(ONE, id="w"), replace(FEW, id="x"), replace(FEW, id="y", columns=(NAME,))) == {
        "y": "x",
    }  # what others have their rows from reads for them


def test_not_where_others_have_their_rows_from_it() -> None:
    less = replace(FEW, id="d", conditions=(FILTER, ANOTHER), columns=(NAME,), rows=5)
    assert from_others(ONE, replace(FEW, columns=(NAME,)), less) == {"d": "b"}
