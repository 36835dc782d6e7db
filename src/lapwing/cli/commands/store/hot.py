"""lapwing store hot: which ranges of keys hold and serve how much."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict

from lapwing.cli import output
from lapwing.cli.commands.query import count
from lapwing.cli.commands.rollups import shared
from lapwing.cli.project import open_project

HELP = "which ranges of keys hold and serve how much"
DESCRIPTION = """Shows how rows, bytes and reads are spread over the store, by rollup and by the value of its first dimension:
keys begin with these, so what they name lies side by side, and one tablet of Bigtable may have to serve it. Rows and bytes
are those that readers see now (bytes of a value are reckoned by its rows). Reads are those of all processes that answered,
one in sixteen counted, fading by half each hour; the peak is of one process within ten seconds. A range that was read
faster than one tablet can serve is told, with what helps; in bigtable also a rollup that was written faster.

  lapwing store hot
  lapwing store hot ads.main --top 20"""


def arguments(parser: ArgumentParser) -> None:
    shared.which(parser)
    parser.add_argument("--top", type=count, default=10, metavar="N", help="so many ranges (10)")


def run(options: Namespace) -> int:
    from lapwing.query.hot import advice, advice_on_writes, hot_ranges

    with open_project(options) as lapwing:
        found, left = hot_ranges(lapwing, options.which)
        in_bigtable = lapwing.project.store.type == "bigtable"
        told = [*advice(found), *(advice_on_writes(lapwing.cache.runs(options.which)) if in_bigtable else ())]
    shown = found[: options.top]
    if options.json:
        ranges = [
            {**asdict(one), "value": None if one.value is None else str(one.value), "hot": one.hot} for one in shown
        ]
        output.write_json({"ranges": ranges, "of": len(found), "advice": told, "left": left})
        return 0
    if shown:
        shared.show(
            [
                {
                    "rollup": one.rollup,
                    "range": "all of it" if one.dimension is None else f"{one.dimension} = {one.value}",
                    "rows": one.keys,
                    "bytes": one.bytes,
                    "of rows": f"{one.of_keys:.1%}",
                    "of bytes": f"{one.of_bytes:.1%}",
                    "of reads": f"{one.of_reads:.1%}",
                    "peak rows/s": round(one.peak),
                }
                for one in shown
            ]
        )
        print(f"{len(shown)} of {len(found)} ranges.")
    print("\n".join([*told, *(f"left: {one}" for one in left)]))
    return 0
