"""Each rule by itself, from what the plan says of a scan: what goes to the source, and each reason why it does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import pytest

from lapwing.sources import postgres, sqlite
from lapwing.sources.base import Capabilities, Column, Operation, Source, Table
from lapwing.sql.ask import Sighting
from lapwing.sql.bind import Occurrence
from lapwing.sql.nodes import Condition, Scan
from lapwing.sql.order import OrderKey
from lapwing.sql.parse import Reference
from lapwing.sql.rules.base import Facts, Rule
from lapwing.sql.rules.best import best
from lapwing.sql.rules.conditions import conditions
from lapwing.sql.rules.limit import limit
from lapwing.sql.rules.projection import projection

COLUMNS = (Column("id", "BIGINT"), Column("v", "VARCHAR"), Column("f", "DOUBLE"))
TABLE = Table("pg", "", "things", COLUMNS, rows=100)
SCAN = Scan(id="scan0", table=TABLE, alias="things", kind="postgres", native=False, columns=COLUMNS)
SEEN = Sighting(frozenset({0}), (), None, again=False)
POSTGRES = postgres.CAPABILITIES
WITHOUT_LIMIT = replace(
    POSTGRES, pushable={key: value for key, value in POSTGRES.pushable.items() if key is not Operation.LIMIT}
)
KEPT = Condition("abs(id) = 3", None, "abs is not translated")


@dataclass(frozen=True)
class Place:
    """Of a source, what rules ask."""

    capabilities: Capabilities

    def placed(self, table: Table) -> str:
        return table.name


def facts(*seen: Sighting, able: Capabilities = POSTGRES, order: tuple[OrderKey, ...] = ()) -> Facts:
    reference = Reference(("pg", "things"), 0, 0, "", order=order)
    return Facts(Occurrence(0, reference, TABLE, "scan"), cast("Source", Place(able)), seen)


def pushed(*filters: tuple[str, ...], scan: Scan = SCAN) -> list[tuple[str, str | None, str | None]]:
    made = conditions(scan, facts(*(replace(SEEN, filters=one) for one in filters)))
    return [(one.text, one.pushed, one.reason) for one in made.conditions]


def test_conditions_of_one_place_go_one_by_one() -> None:
    assert pushed(()) == []
    assert pushed(("scan0_0 > 3 AND abs(scan0_0) = 5", "scan0_0 > 3")) == [
        ("id > 3", '"id" > 3', None),
        ("ABS(id) = 5", None, "abs is not translated for postgres"),
    ]
    assert pushed(("scan0_0 >",)) == [("id >", None, "it could not be read from the engine's plan")]
    assert pushed(("scan0_0 > 3",), scan=replace(SCAN, native=True))[0][1] is None


def test_of_several_places_each_must_have_one_that_the_source_knows() -> None:
    assert pushed(("scan0_0 > 3",), ()) == []
    both = pushed(("scan0_0 > 3", "abs(scan0_0) = 5"), ("scan0_0 = 1",))
    assert both == [("(id > 3 AND ABS(id) = 5) OR (id = 1)", '("id" > 3) OR ("id" = 1)', None)]
    ((_, told, why),) = pushed(("scan0_0 > 3",), ("abs(scan0_0) = 5",))
    assert (told, why) == (None, "abs is not translated for postgres")


def test_only_sums_that_groups_are_made_of_are_called_by_their_names() -> None:
    total = Column("scan0g0sum", "BIGINT")
    grouped = replace(SCAN, table=replace(TABLE, columns=(*COLUMNS, total)), grouped=True)
    assert pushed(("scan0g0sum > 3",), scan=grouped) == [("scan0g0sum > 3", '"scan0g0sum" > 3', None)]
    for scan, text in ((grouped, "id > 3"), (replace(grouped, grouped=False), "scan0g0sum > 3")):
        ((_, told, _),) = pushed((text,), scan=scan)
        assert told is None


FEW = replace(SEEN, limit=5)


def test_so_many_rows_are_enough() -> None:
    assert limit(SCAN, facts(FEW)).limit == 5


@pytest.mark.parametrize(
    ("scan", "seen", "able"),
    [
        (replace(SCAN, native=True), (FEW,), POSTGRES),
        (replace(SCAN, conditions=(KEPT,)), (FEW,), POSTGRES),
        (SCAN, (FEW, FEW), POSTGRES),
        (SCAN, (), POSTGRES),
        (SCAN, (SEEN,), POSTGRES),
        (SCAN, (FEW,), WITHOUT_LIMIT),
    ],
)
def test_all_rows_may_be_needed(scan: Scan, seen: tuple[Sighting, ...], able: Capabilities) -> None:
    assert limit(scan, facts(*seen, able=able)).limit is None


FIRST = replace(SEEN, best=5)
BY_ID = (OrderKey("id", descending=True, nulls_first=False),)


def test_the_first_rows_by_an_order() -> None:
    made = best(SCAN, facts(FIRST, order=BY_ID))
    assert (made.limit, made.sorted) == (5, True)
    assert made.table.body.endswith('ORDER BY "id" DESC NULLS LAST LIMIT 5')
    assert best(replace(SCAN, table=replace(TABLE, rows=None)), facts(FIRST, order=BY_ID)).sorted
    assert best(SCAN, facts(replace(FIRST, best=50), order=BY_ID)).sorted


@pytest.mark.parametrize(
    ("scan", "seen", "able", "order"),
    [
        (replace(SCAN, native=True), (FIRST,), POSTGRES, BY_ID),
        (SCAN, (FIRST,), POSTGRES, ()),
        (SCAN, (), POSTGRES, BY_ID),
        (SCAN, (FIRST, FIRST), POSTGRES, BY_ID),
        (SCAN, (SEEN,), POSTGRES, BY_ID),
        (replace(SCAN, conditions=(KEPT,)), (FIRST,), POSTGRES, BY_ID),
        (SCAN, (FIRST,), WITHOUT_LIMIT, BY_ID),
        (SCAN, (FIRST,), replace(POSTGRES, statements=False), BY_ID),
        (SCAN, (replace(FIRST, again=True),), POSTGRES, BY_ID),
        (SCAN, (replace(FIRST, best=51),), POSTGRES, BY_ID),
        (SCAN, (FIRST,), POSTGRES, (OrderKey("nobody", descending=False, nulls_first=False),)),
        (replace(SCAN, table=replace(TABLE, columns=(*COLUMNS, Column("ID", "BIGINT")))), (FIRST,), POSTGRES, BY_ID),
    ],
)
def test_an_order_that_stays_here(
    scan: Scan, seen: tuple[Sighting, ...], able: Capabilities, order: tuple[OrderKey, ...]
) -> None:
    assert best(scan, facts(*seen, able=able, order=order)) == scan


@pytest.mark.parametrize(
    ("seen", "columns"),
    [((), COLUMNS), ((SEEN,), COLUMNS[:1]), ((replace(SEEN, columns=frozenset()),), COLUMNS[:1]),
     ((replace(SEEN, columns=frozenset({2})), replace(SEEN, columns=frozenset({1}))), COLUMNS[1:])],
)  # fmt: skip
def test_columns_that_some_place_takes(seen: tuple[Sighting, ...], columns: tuple[Column, ...]) -> None:
    assert projection(SCAN, facts(*seen)).columns == columns


@pytest.mark.parametrize("rule", [limit, best])
def test_sqlite_gets_its_own(rule: Rule) -> None:
    seen = replace(SEEN, limit=5, best=5)
    assert rule(SCAN, facts(seen, able=sqlite.CAPABILITIES, order=BY_ID)).limit == 5
