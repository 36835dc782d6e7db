"""lapwing query."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Lapwing
from tests.shop import ORDERS

BY_MONTH = ("--metrics", "orders,return_rate", "--by", "country", "--grain", "month")


def test_the_cache_and_the_source_say_the_same(lapwing: Lapwing, shop: Path) -> None:
    cached = lapwing("-p", shop, "query", *BY_MONTH, "--json").json
    direct = lapwing("-p", shop, "query", *BY_MONTH, "--no-cache", "--json").json
    assert cached["rows"] == direct["rows"]
    assert cached["rows"][0]["time"] == "2024-01-01T00:00:00+01:00"
    assert cached["receipt"]["pieces"][0]["by"] == "rollup"
    assert direct["receipt"]["pieces"][0]["by"] == "source"
    assert [column["type"] for column in cached["columns"]] == ["text", "timestamptz", "integer", "float"]


def test_order_limit_filter_and_range(lapwing: Lapwing, shop: Path) -> None:
    asked = ("--metrics", "orders", "--by", "shop", "--where", "town = 'Wien' and shop <> 'c'", "--from", "2024-02")
    said = lapwing("-p", shop, "query", *asked, "--to", "2024-03", "--order", "orders:desc,shop", "--limit", "1")
    direct = lapwing(
        "-p", shop, "sql", "select shop, count(*) as orders from files.orders where town = 'Wien' and shop <> 'c' "
        "and \"at\" >= '2024-02-01' and \"at\" < '2024-03-01' group by 1 order by 2 desc, 1 limit 1"
    )  # fmt: skip
    assert (said.code, said.out) == (0, direct.out)


def test_the_largest_and_the_rest(lapwing: Lapwing, shop: Path) -> None:
    asked = ("--metrics", "orders,amount", "--by", "shop,town", "--top", "2:amount", "--json")
    rows = lapwing("-p", shop, "query", *asked).json["rows"]
    assert [row["rest"] for row in rows] == [False, False, True]
    assert (rows[2]["shop"], rows[2]["town"]) == (None, None)
    assert sum(row["orders"] for row in rows) == ORDERS
    assert float(rows[0]["amount"]) >= float(rows[1]["amount"])


def test_a_receipt_knows_what_was_built(lapwing: Lapwing, shop: Path) -> None:
    """Of the rollups that were not taken, too."""
    said = lapwing("-p", shop, "query", "--metrics", "orders", "--by", "shop", "--receipt")
    assert "not built" not in said.text
    assert "not built" not in json.dumps(lapwing("-p", shop, "query", "--metrics", "orders", "--json").json["receipt"])


def test_the_zone_moves_the_days(lapwing: Lapwing, shop: Path) -> None:
    asked = ("--metrics", "orders", "--grain", "day", "--from", "2024-01-05", "--to", "2024-01-06", "--json")
    (row,) = lapwing("-p", shop, "query", *asked, "--tz", "Asia/Tokyo").json["rows"]
    assert row == {"time": "2024-01-05T00:00:00+09:00", "orders": 4}


def test_the_receipt_tells_how(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "query", "--metrics", "orders", "--receipt")
    table, _, receipt = said.text.partition("\n\n")
    assert table.split() == ["orders", "──────", str(ORDERS)]
    assert "answered    by rollup orders.main" in receipt
    csv = lapwing("-p", shop, "query", "--metrics", "orders", "--receipt", "--format", "csv")
    assert csv.text == f'"orders"\n{ORDERS}\n'
    assert "by rollup orders.main" in csv.err


def test_a_file_takes_the_answer(lapwing: Lapwing, shop: Path, tmp_path: Path) -> None:
    said = lapwing("-p", shop, "query", "--metrics", "orders", "--out", tmp_path / "a.csv")
    assert (said.code, said.out, (tmp_path / "a.csv").read_text()) == (0, b"", f'"orders"\n{ORDERS}\n')


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--metrics", "ordrs"), "There is no metric ordrs. Did you mean orders?"),
        (("--metrics", ","), "A metric query names at least one metric."),
        (("--metrics", "orders", "--by", "twon"), "There is no dimension twon. Did you mean town?"),
        (("--metrics", "orders", "--grain", "daz"), "'daz' is not a grain. Did you mean day?"),
        (("--metrics", "orders", "--tz", "Europe/Berln"), "Did you mean Europe/Berlin"),
        (("--metrics", "orders", "--from", "2024-03", "--to", "2024-02"), "ends before it starts"),
        (("--metrics", "orders", "--from", "someday"), "'someday' is not a time."),
        (("--metrics", "orders", "--where", "twon = 'Wien'"), "Did you mean town?"),
        (("--metrics", "orders", "--where", "town ="), "The filter does not parse"),
        (("--metrics", "orders", "--order", "ordrs"), "Did you mean orders?"),
        (("--metrics", "orders", "--order", "orders:down"), "Write NAME, NAME:asc or NAME:desc."),
        (("--metrics", "orders", "--top", "3"), "The largest groups need a dimension to group by."),
        (("--metrics", "orders", "--by", "shop", "--top", "x:orders"), "--top: 'x' is not a whole number from 0."),
        (("--metrics", "orders", "--limit", "-3"), "--limit: '-3' is not a whole number from 0."),
        (("--metrics", "orders", "--format", "xml"), "choose from 'table', 'csv'"),
        (("--metrics",), "--metrics: expected one argument."),
        ((), "--metrics. `lapwing query --help` tells what there is."),
    ],
)
def test_what_can_not_be_asked(flags: tuple[str, ...], says: str, lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "query", *flags)
    assert (said.code, said.out) == (2, b"")
    assert says in said.err
    assert len(said.err.splitlines()) == 1


def test_explain_tells_of_every_rollup_and_answers_nothing(lapwing: Lapwing, shop: Path) -> None:
    said = lapwing("-p", shop, "query", *BY_MONTH, "--explain")
    assert said.code == 0
    assert b"rollup orders.main" in said.out
    assert b"cost: About" in said.out
    document = lapwing("-p", shop, "query", *BY_MONTH, "--from", "2024-01-01T00:05", "--explain", "--json").json
    assert [piece["by"] for piece in document["pieces"]] == ["rollup", "source"]
    assert document["pieces"][1]["stretches"] == [["2023-12-31T23:05:00Z", "2024-01-01T00:00:00Z"]]
    checks = {reason["check"]: reason["passed"] for reason in document["considered"][0]["reasons"]}
    assert checks["dimensions"]
    assert not checks["grain"]


def test_wishes(lapwing: Lapwing, shop: Path) -> None:
    cached = lapwing("-p", shop, "query", *BY_MONTH)
    for wish in (("--max-staleness", "0"), ("--max-staleness", "10 minutes"), ("--cache-only",), ("--exact",)):
        assert lapwing("-p", shop, "query", *BY_MONTH, *wish).out == cached.out, wish
    said = lapwing("-p", shop, "query", *BY_MONTH, "--cache-only", "--no-cache")
    assert said.code == 2
    assert "Neither" in said.err
    assert lapwing("-p", shop, "query", *BY_MONTH, "--max-staleness", "soon").code == 2
