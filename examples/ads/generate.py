"""Makes the ads example's data: events of a simulated market, into Parquet files or into BigQuery.

    python examples/ads/generate.py                                      # 2 million events of 90 days, under data/
    python examples/ads/generate.py --events 100_000_000 --days 365
    python examples/ads/generate.py --events 50_000 --bigquery my-project.ads

The same options give the same events. Days are drawn one by one, so any amount fits into memory.
"""

from __future__ import annotations

import argparse
import time
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from simulator.bigquery import write_bigquery
from simulator.day import draw_day
from simulator.parquet import write_parquet
from simulator.world import make_world

HERE = Path(__file__).parent


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _dataset(text: str) -> tuple[str, str]:
    project, dot, dataset = text.rpartition(".")
    if not dot or not project or not dataset:
        raise argparse.ArgumentTypeError(f"{text} is not PROJECT.DATASET")
    return project, dataset


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the ads example's data.", allow_abbrev=False)
    parser.add_argument("--events", type=_count, default=2_000_000, metavar="N", help="about how many (2_000_000)")
    parser.add_argument(
        "--from", dest="start", type=date.fromisoformat, default=date(2026, 1, 1), metavar="DAY", help="(2026-01-01)"
    )
    parser.add_argument("--days", type=_count, default=90, metavar="N", help="of how many days (90)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="another market (7)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, default=HERE / "data", metavar="DIR", help="Parquet, here (data)")
    where.add_argument("--bigquery", type=_dataset, metavar="PROJECT.DATASET", help="into BigQuery")
    parser.add_argument("--location", metavar="PLACE", help="of the BigQuery dataset, such as EU")
    options = parser.parse_args()

    world = make_world(options.seed)
    days = [options.start + timedelta(days=number) for number in range(options.days)]
    draw = partial(draw_day, world, options.seed, events=options.events / options.days)
    began = time.perf_counter()
    if options.bigquery:
        total = write_bigquery(*options.bigquery, options.location, world.campaigns, days, draw)
    else:
        total = write_parquet(options.out, world.campaigns, days, draw)
    seconds = time.perf_counter() - began
    print(f"{total:,} events of {len(days)} days in {seconds:.1f} s ({total / seconds / 1e6:.1f} million a second)")


if __name__ == "__main__":
    main()
