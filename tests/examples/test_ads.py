"""The simulated market: the same for the same options, and like one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from tests.examples.ads import EXAMPLE, QUESTIONS, copied, generate

from lapwing.query.ask import Wishes
from lapwing.query.service import Lapwing

EVENTS = 60_000


@pytest.fixture(scope="module", name="data")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ads")
    said = generate("--events", str(EVENTS), "--days", "30", "--out", str(folder))
    assert "of 30 days" in said
    return folder


@pytest.fixture(scope="module", name="con")
def _con(data: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute(f"create view events as from '{data}/events/*.parquet'")
    con.execute(f"create view campaigns as from '{data}/campaigns.parquet'")
    return con


def one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    found = con.execute(sql).fetchone()
    assert found is not None
    return found


def test_any_days_of_it_are_the_same_days(data: Path, tmp_path: Path) -> None:
    generate("--events", str(EVENTS * 3 // 30), "--days", "3", "--from", "2026-01-11", "--out", str(tmp_path))
    for day in ("2026-01-11", "2026-01-12", "2026-01-13"):
        apart, among = (pq.read_table(folder / "events" / f"{day}.parquet") for folder in (tmp_path, data))
        assert apart.num_rows > 500
        assert apart.equals(among)
    assert pq.read_table(tmp_path / "campaigns.parquet").equals(pq.read_table(data / "campaigns.parquet"))


def test_another_seed_is_another_market(data: Path, tmp_path: Path) -> None:
    generate("--events", "2000", "--days", "1", "--seed", "8", "--out", str(tmp_path))
    assert not pq.read_table(tmp_path / "campaigns.parquet").equals(pq.read_table(data / "campaigns.parquet"))


def test_it_is_about_as_large_as_asked_and_each_day_holds_its_own(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    (total,) = one(con, "select count(*) from events")
    assert isinstance(total, int)
    assert abs(total / EVENTS - 1) < 0.3
    files = f"from read_parquet('{data}/events/*.parquet', filename = true)"
    (apart,) = one(con, f"select count(*) {files} where strftime(event_time, '%Y-%m-%d') <> filename[-18:-9]")
    assert apart == 0
    assert one(con, "select count(distinct event_id) - count(*) from events") == (0,)


def test_what_follows_is_never_more_than_what_it_follows_from(con: duckdb.DuckDBPyConnection) -> None:
    sql = """
    select count(*) from (
      select count(*) filter (event = 'request') r, count(*) filter (event = 'impression') i,
             count(*) filter (event = 'click') c, count(*) filter (event = 'conversion') v
      from events group by campaign_id, country, device, date_trunc('hour', event_time))
    where i > r or c > i or v > c"""
    assert one(con, sql) == (0,)
    ((requests, impressions, clicks),) = con.execute(
        "select count(*) filter (event = 'request'), count(*) filter (event = 'impression'),"
        " count(*) filter (event = 'click') from events"
    ).fetchall()
    assert 0.75 < impressions / requests < 0.95
    assert 0.003 < clicks / impressions < 0.03


def test_money_is_exact_and_only_for_what_is_paid_for(con: duckdb.DuckDBPyConnection) -> None:
    assert one(con, "select typeof(spend) from events limit 1") == ("DECIMAL(18,6)",)
    sql = """
    select count(*) filter (spend > 0), count(*) filter (spend > 0 and event <> paid), count(*) filter (spend < 0)
    from events join (select campaign_id, if(pricing = 'cpc', 'click', 'impression') as paid from campaigns)
    using (campaign_id)"""
    paid, wrong, negative = one(con, sql)
    assert isinstance(paid, int)
    assert paid > 1000
    assert (wrong, negative) == (0, 0)


def test_tails_are_heavy_nights_are_quiet_and_some_events_late(con: duckdb.DuckDBPyConnection) -> None:
    (top,) = one(
        con,
        "select sum(n) filter (place <= 24) / sum(n) from (select count(*) n, row_number() over (order by count(*) desc)"
        " place from events group by campaign_id)",
    )
    assert isinstance(top, float)
    assert top > 0.6  # a tenth of the campaigns
    night, evening = one(
        con,
        "select count(*) filter (hour(event_time) = 8), count(*) filter (hour(event_time) in (0, 1)) / 2 from events"
        " where country = 'US'",
    )  # 3 in the morning and 7 to 9 in the evening in New York
    assert isinstance(night, int)
    assert isinstance(evening, float)
    assert evening > 4 * night
    early, late = one(
        con,
        "select count(*) filter (received_at < event_time),"
        " count(*) filter (received_at > event_time + interval 15 minutes) / count(*) from events",
    )
    assert early == 0
    assert isinstance(late, float)
    assert 0.003 < late < 0.01


def test_new_data_takes_the_place_of_the_old(tmp_path: Path) -> None:
    generate("--events", "3000", "--days", "3", "--out", str(tmp_path))
    generate("--events", "1000", "--days", "1", "--out", str(tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == [
        "2026-01-01.parquet",
        "campaigns.parquet",
        "incidents.parquet",
    ]
    generate("--events", "1000", "--days", "1", "--no-incidents", "--out", str(tmp_path))
    assert not (tmp_path / "incidents.parquet").exists()


def test_wrong_options_are_told() -> None:
    for options, says in (
        (["--events", "0"], "not a positive number"),
        (["--bigquery", "ads"], "PROJECT.DATASET"),
        (["--from", "soon"], "invalid"),
    ):
        command = [sys.executable, str(EXAMPLE / "generate.py"), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2
        assert says in done.stderr


def test_its_rollups_answer_as_its_rows_do(tmp_path: Path) -> None:
    root = copied(tmp_path)
    generate("--events", "20000", "--days", "12", "--out", str(root / "data"))
    with Lapwing.open(root) as lapwing:
        assert lapwing.check() == ()
        lapwing.cache.build().checked()
        for question in QUESTIONS:
            kept, direct = lapwing.answer(question), lapwing.answer(replace(question, wishes=Wishes(cache=False)))
            assert {piece.by for piece in kept.receipt.pieces} == {"rollup"}
            assert {piece.by for piece in direct.receipt.pieces} == {"source"}
            assert kept.table.num_rows > 0
            assert kept.table.equals(direct.table)
