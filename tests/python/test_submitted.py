"""Connection.submit(): the same from a project and from a server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.python.test_connection import FOREVER
from tests.shop import ORDERS

import lapwing
from lapwing.python.connection import Connection


def test_rows_are_read_when_they_are_wanted_and_as_often(con: Connection) -> None:
    asked = con.submit("select shop, count(*) as n from files.orders where town = ? group by 1 order by 1", ["Köln"])
    assert asked.arrow().to_pydict() == {"shop": ["a", "b", "c"], "n": [40, 40, 40]}
    assert (asked.state, asked.rows) == ("done", 3)
    assert asked.df().to_dict("list") == asked.arrow().to_pydict()
    assert sum(batch.num_rows for batch in asked) == 3
    assert con.submitted(asked.id).reader().read_all().equals(asked.arrow())


def test_its_receipt_tells_what_was_read(con: Connection) -> None:
    asked = con.submit("select * from files.orders", query_id="all-orders", no_cache=True)
    assert [one["name"] for one in asked.receipt["pieces"]] == ["files.orders"]
    assert asked.rows == ORDERS
    assert asked.id == "all-orders"
    with pytest.raises(lapwing.OperationalError) as told:
        con.submit("select 1", query_id="all-orders", no_cache=True)
    assert told.value.code == "query-exists"


def test_it_runs_on_until_it_is_cancelled(con: Connection) -> None:
    asked = con.submit(FOREVER)
    assert asked.wait(0.0).state == "running"
    threading.Thread(target=asked.cancel).start()
    with pytest.raises(lapwing.OperationalError) as told:
        asked.arrow()
    assert told.value.code == "cancelled"
    assert asked.state == "cancelled"


def test_what_is_wrong_is_told_to_who_comes_back(con: Connection) -> None:
    asked = con.submit("select ?, nope from files.orders", ["a rather long value"])
    assert asked.wait().state == "failed"
    for again in (asked.arrow, lambda: asked.receipt):
        with pytest.raises(lapwing.ProgrammingError) as told:
            again()
        assert told.value.code == "unknown-column"
        assert told.value.place is not None
        assert told.value.place.column == 11
    with pytest.raises(lapwing.ProgrammingError) as told:
        con.submitted("nobody")
    assert told.value.code == "unknown-query"
    with pytest.raises(lapwing.OperationalError) as told:
        con.submit(FOREVER, time_limit=0.2).arrow()
    assert told.value.code == "time-limit"


def test_closing_a_project_ends_what_runs(shop: Path) -> None:
    con = lapwing.connect(shop)
    asked = con.submit(FOREVER)
    con.close()
    assert asked.state == "cancelled"
