"""Projects made from many kinds of data: each is right, answers at once, and answers the same once it is built."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lapwing.model.grain import Grain
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.init import init
from lapwing.query.service import Lapwing

DAY = "2024-03-{:02d}"


@dataclass(frozen=True)
class World:
    """A file, and what is to be made of it: `rows` counted in all, in dataset `name` by `time`."""

    file: str
    write: Callable[[Path], object]
    rows: int
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    grain: str = "15 minutes"
    name: str = "data"


def lines(header: str, row: Callable[[int], str], rows: int = 280) -> Callable[[Path], object]:
    return lambda path: path.write_text("\n".join([header, *(row(i) for i in range(rows))]) + "\n", encoding="utf-8")


def parquet(select: str, rows: int = 1000) -> Callable[[Path], object]:
    return lambda path: write_parquet(path, f"select {select} from range({rows}) t(i)")


def write_parquet(path: Path, select: str) -> None:
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"copy ({select}) to '{path}'")


def json_lines(path: Path) -> None:
    rows = [
        {
            "at": f"{DAY.format(1 + i % 28)}T10:{i % 60:02d}:00Z",
            "n": {"a": i},
            "tags": ["x"],
            "ok": i % 4 == 0,
            "amount": 1.5,
        }
        for i in range(280)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def sqlite(create: str, row: Callable[[int], tuple[Any, ...]], rows: int = 280) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        db = sqlite3.connect(path)
        db.execute(f"create table data ({create})")
        db.executemany(f"insert into data values ({', '.join('?' for _ in row(0))})", [row(i) for i in range(rows)])
        db.commit()
        db.close()

    return write


def engine_file(path: Path) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute('create schema "My Schema"')
        con.execute(
            'create table "My Schema"."The Data" as select timestamp \'2024-01-01\' + interval (i) hour as "At Time", '
            "i as v, (case i % 3 when 0 then 'a' else 'b' end)::enum('a', 'b') as kind from range(1000) t(i)"
        )


CLOCK = "timestamp '2024-01-01' + interval (i) hour as at"
WORLDS = {
    "odd names": World(
        "data.csv",
        lines(
            'When,"Unit Price (EUR)",,select,name,name,"say ""hi""",größe,日本,Order ID,orderedBy',
            lambda i: f"{DAY.format(1 + i % 28)} 10:{i % 60:02d}:00,{i}.50,x{i % 3},s{i % 2},n,m,q,g,j,{i},u{i % 4}",
        ),
        280,
        ("column02", "select", "name", "name_1", "say_hi", "grosse", "column", "ordered_by"),
        ("data", "avg_unit_price_eur"),
    ),
    "names that mean something in YAML": World(
        "data.csv",
        lines("on,yes,null,#x,- a,{b},a: b", lambda i: f"{DAY.format(1 + i % 28)},y{i % 2},n,x,a,b,c"),
        280,
        ("yes", "null", "x", "a", "b", "a_b"),
        ("data",),
        "day",
    ),
    "names that mean something here": World(
        "data.parquet",
        parquet(
            "timestamp '2024-01-01' + interval (i) hour as time, i as count, 'a' as rows, 'b' as metrics, 1 as month"
        ),
        1000,
        ("rows", "metrics"),
        ("data", "count", "count_per_row"),
        "hour",
    ),
    "decimal comma": World(
        "data.csv",
        lines("Datum;Betrag;Filiale", lambda i: f"{1 + i % 28:02d}.03.2024;1.{i:03d},5{i % 10};F{i % 3}"),
        280,
        ("filiale",),
        ("data", "betrag", "betrag_per_row"),
        "day",
    ),
    "currency": World(
        "data.parquet",
        parquet(f"{CLOCK}, '$' || i % 7 || ',234.50' as amount, 'k' || i % 3 as kind"),
        1000,
        ("kind",),
        ("data", "amount", "amount_per_row"),
        "hour",
    ),
    "seconds since 1970": World(
        "data.csv",
        lines("ts,v,kind", lambda i: f"{1700000000 + i * 600},{i},k{i % 3}"),
        280,
        ("kind",),
        ("data", "v", "v_per_row"),
    ),
    "milliseconds since 1970": World(
        "data.jsonl",
        lambda path: path.write_text(
            "".join(json.dumps({"createdAt": (1700000000 + i * 600) * 1000}) + "\n" for i in range(280))
        ),
        280,
        (),
        ("data",),
    ),
    "dates as numbers": World(
        "data.parquet",
        parquet("20240301 + i % 28 as day_key, cast(20240301 + i % 28 as integer) as day"),
        1000,
        (),
        ("data",),
        "day",
    ),
    "dates only": World(
        "data.tsv",
        lines("day\tv", lambda i: f"{DAY.format(1 + i % 28)}\t{i}"),
        280,
        (),
        ("data", "v", "v_per_row"),
        "day",
    ),
    "times as text": World(
        "data.parquet",
        parquet(f"strftime({CLOCK.removesuffix(' as at')}, '%d/%m/%Y %H:%M') as at"),
        1000,
        (),
        ("data",),
    ),
    "zoned times as text": World(
        "data.parquet",
        parquet(f"strftime({CLOCK.removesuffix(' as at')}, '%Y-%m-%dT%H:%M:%S+05:45') as at"),
        1000,
        (),
        ("data",),
    ),
    "infinity": World(
        "data.parquet",
        parquet(
            "case i when 0 then timestamp 'infinity' when 1 then timestamp '0001-01-01' "
            "when 2 then null else timestamp '2024-01-01' + interval (i) hour end as at"
        ),
        997,
        (),
        ("data",),
        "hour",
    ),
    "types": World(
        "data.parquet",
        parquet(
            "timestamptz '2024-01-01 00:00:00Z' + interval (i) minute as at, (i * 7919) % 1000003 as user_no, uuid() as id, "
            "'u' || i as username, null::int as nothing, null::varchar as nil, i % 2 = 0 as ok, "
            "(i % 100)::decimal(12, 2) / 3 as price, [1] as list, {'a': 1} as struct, '\\x00'::blob as bytes, "
            "i::hugeint as huge, time '10:00' as clock, interval 1 day as span, if(i = 0, 'nan'::double, 1) as reading",
            5000,
        ),
        5000,
        ("ok",),
        ("data", "avg_price", "huge", "reading", "ok_rows", "ok_rate", "huge_per_row"),
    ),
    "one row": World(
        "data.csv", lines("at,v", lambda _: "2024-01-01T00:30:00,1", 1), 1, (), ("data", "v", "v_per_row")
    ),
    "JSON lines": World(
        "data.jsonl", json_lines, 280, ("ok",), ("data", "amount", "ok_rows", "ok_rate", "amount_per_row")
    ),
    "SQLite with text": World(
        "data.db",
        sqlite(
            "id integer primary key, ordered_at text, shop text, amount real, paid integer",
            lambda i: (i, f"{DAY.format(1 + i % 28)} 10:00:00", f"s{i % 3}", i * 1.25, i % 2),
        ),
        280,
        ("shop", "paid"),
        ("data", "amount", "amount_per_row"),
    ),
    "SQLite with seconds": World(
        "data.db",
        sqlite("at integer, v decimal(10, 2)", lambda i: (1700000000 + i * 60, i / 4)),
        280,
        (),
        ("data", "v", "v_per_row"),
    ),
    "DuckDB": World("data.duckdb", engine_file, 1000, ("kind",), ("the_data", "v", "v_per_row"), "hour", "the_data"),
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_it_runs_at_once(world: World, tmp_path: Path) -> None:
    world.write(tmp_path / world.file)
    made = init(tmp_path / "p", str(tmp_path / world.file))
    with Lapwing.open(tmp_path / "p") as lapwing:
        assert lapwing.check() == ()
        dataset = lapwing.project.datasets[world.name]
        assert tuple(dataset.dimensions) == world.dimensions
        assert tuple(dataset.metrics) == world.metrics
        (rollup,) = dataset.rollups.values()
        assert str(rollup.grain) == world.grain
        assert set(rollup.dimensions) == set(world.dimensions)
        first = MetricQuery(metrics=(made.metric,), grain=Grain.parse(made.grain))
        assert sum(value.as_py() or 0 for value in lapwing.answer(first).table[made.metric]) == world.rows
        query = replace(first, metrics=world.metrics, by=world.dimensions)
        before = lapwing.answer(query)
        # What the first question left may answer the second one, where they are the same.
        assert [piece.by for piece in before.receipt.pieces] in (["source"], ["by-product"])
        lapwing.cache.build().checked()
        after = lapwing.answer(query)
        assert [piece.by for piece in after.receipt.pieces] == ["rollup"]
        assert after.table.equals(before.table) or "reading" in world.metrics  # NaN is not equal to itself
        assert after.table.num_rows == before.table.num_rows
        assert lapwing.answer(replace(query, wishes=Wishes(cache=False))).table.num_rows == after.table.num_rows
