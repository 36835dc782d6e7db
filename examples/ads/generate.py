"""Makes the ads example's data: events of a simulated market, into Parquet files or into BigQuery.

    python examples/ads/generate.py                                      # 2 million events of 90 days, under data/
    python examples/ads/generate.py --events 100_000_000 --days 365
    python examples/ads/generate.py --events 50_000 --bigquery my-project.ads
    python examples/ads/generate.py --live                               # up to now, and on, as events arrive

The same options give the same events. Days are drawn one by one, so any amount fits into memory.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path

from simulator.bigquery import write_bigquery
from simulator.live import STATE, Live, OtherMarketError, run
from simulator.market import Market
from simulator.parquet import write_parquet

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


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes the ads example's data.", allow_abbrev=False)
    parser.add_argument("--events", type=_count, default=2_000_000, metavar="N", help="about how many (2_000_000)")
    parser.add_argument(
        "--from", dest="start", type=date.fromisoformat, default=date(2026, 1, 1), metavar="DAY", help="(2026-01-01)"
    )
    parser.add_argument("--days", type=_count, default=90, metavar="N", help="of how many days (90)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="another market (7)")
    parser.add_argument(
        "--incidents",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="what goes wrong, and what was expected, with a table of it (yes)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, default=HERE / "data", metavar="DIR", help="Parquet, here (data)")
    where.add_argument("--bigquery", type=_dataset, metavar="PROJECT.DATASET", help="into BigQuery")
    parser.add_argument("--location", metavar="PLACE", help="of the BigQuery dataset, such as EU")
    parser.add_argument("--live", action="store_true", help="the last days up to now, then on, as events arrive")
    parser.add_argument("--step", type=float, default=10.0, metavar="SECONDS", help="of --live: how often (10)")
    options = parser.parse_args()
    if options.live and options.bigquery:
        parser.error("--live writes Parquet files, not into BigQuery")

    market = Market(options.seed, options.events / options.days, options.incidents)
    if options.live:
        return go_on(Live(options.out, market, options.days), options.step)
    days = [options.start + timedelta(days=number) for number in range(options.days)]
    began = time.perf_counter()
    if options.bigquery:
        total = write_bigquery(*options.bigquery, options.location, days, market.day, market.others)
    else:
        (options.out / STATE).unlink(missing_ok=True)
        total = write_parquet(options.out, days, market.day, market.others)
    seconds = time.perf_counter() - began
    print(f"{total:,} events of {len(days)} days in {seconds:.1f} s ({total / seconds / 1e6:.1f} million a second)")
    return 0


def go_on(live: Live, step: float) -> int:
    """Runs until Ctrl-C, or until it is told to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(live, step, stop, lambda text: print(text, flush=True))
    except OtherMarketError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
