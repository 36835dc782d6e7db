"""DuckDB with its own scanners, in an environment of its own: told what to do by lines of JSON, and answering in such.

    python peer.py

{"sql": ...} runs a statement to its end and tells its milliseconds and rows; with "out": FILE its result becomes an Arrow
file. Nothing of Lapwing is imported here.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa

SECONDS = 60.0
"""A statement that takes longer is broken off."""


def main() -> None:
    """Serves until its input ends."""
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    # A plan that the scanners mislead may write without end: Q85 of TPC-DS filled a disk.
    con.execute("set max_temp_directory_size = '1GB'")
    for path in Path(duckdb.__file__).parent.parent.glob("duckdb_extension_*/extensions/*/*.duckdb_extension"):
        con.execute(f"load '{path}'")
    for line in sys.stdin:
        asked = json.loads(line)
        clock = threading.Timer(SECONDS, con.interrupt)
        clock.start()
        try:
            start = time.perf_counter()
            found: pa.Table = con.execute(asked["sql"]).to_arrow_table()
            answer = {"ms": (time.perf_counter() - start) * 1e3, "rows": found.num_rows}
            if "out" in asked:
                with pa.OSFile(asked["out"], "wb") as sink, pa.ipc.new_file(sink, found.schema) as writer:
                    writer.write_table(found)
        except duckdb.Error as error:
            answer = {"error": str(error).splitlines()[0]}
        finally:
            clock.cancel()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
