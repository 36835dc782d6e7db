"""lapwing init: a first project from data."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path

from lapwing.cli import output

HELP = "write a first project from a file, a folder or a database"
DESCRIPTION = """Looks at the data and writes a project that runs at once, with comments that say why it is as it is.

  lapwing init shop --from orders.parquet      (or .csv, .jsonl, a folder of such files)
  lapwing init shop --from shop.duckdb         (or an SQLite file)
  lapwing init shop --from postgresql://reader:secret@db.example.com/shop      (or mysql://)
  lapwing init shop --from bigquery://my-project/sales
  lapwing init shop --from s3://lake/gold     (or a folder of Delta or Iceberg tables, or iceberg+https://catalog)"""


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the folder to make; it may exist, but hold no project")
    parser.add_argument("--from", dest="origin", required=True, metavar="FILE_OR_DSN", help="where the data is")


def run(options: Namespace) -> int:
    from lapwing.query.init import init

    made = init(Path(options.folder), options.origin)
    if options.json:
        output.write_json(made.as_dict())
        return 0
    for path in made.files:
        print(f"wrote {path}")
    for says in made.says:
        print(says)
    folder = shlex.quote(options.folder)
    print("Next:")
    for name, value in made.environ.items():
        print(f"  export {name}={shlex.quote(value)}")
    print(f"  lapwing -p {folder} check")
    print(f"  lapwing -p {folder} build")
    print(f"  lapwing -p {folder} query --metrics {made.metric} --grain {made.grain}")
    print(f"  lapwing -p {folder} serve")
    return 0
