"""The ads example as in the cloud, on this machine: `python -m tools.cloud [--events N] [--port N]`.

Starts the emulators of BigQuery and Bigtable, loads events into the one, has Beam build into the other, and serves. They
forget all when it ends.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.services.base import MissingService, free_port
from tests.services.bigquery import PROJECT, bigquery
from tests.services.bigtable import bigtable

EXAMPLE = Path(__file__).parent.parent / "examples" / "ads"
LAPWING = Path(sys.executable).parent / "lapwing"


def main() -> int:
    parser = argparse.ArgumentParser(description="The ads example on emulators of BigQuery and Bigtable.")
    parser.add_argument("--events", type=int, default=50_000, help="about how many; the emulator is slow (50_000)")
    parser.add_argument("--port", type=int, default=8600)
    options = parser.parse_args()
    with ExitStack() as stack:
        try:
            warehouse, store = stack.enter_context(bigquery()), stack.enter_context(bigtable())
        except MissingService as error:
            print(error, file=sys.stderr)
            return 1
        here = {"BIGTABLE_EMULATOR_HOST": store.address, "GCP_PROJECT": PROJECT, "LAPWING_ENVIRONMENT": "cloud"}
        environ = {**os.environ, **warehouse.environ, **here}
        for name, value in {**warehouse.environ, **here}.items():
            print(f"export {name}={value}")
        generate = [sys.executable, str(EXAMPLE / "generate.py"), "--days", "90", "--events", str(options.events)]
        lapwing = [str(LAPWING), "-p", str(EXAMPLE)]
        for command in (
            [*generate, "--bigquery", f"{PROJECT}.ads"],
            [*lapwing, "build", "--builder", "beam"],
            [*lapwing, "serve", "--port", str(options.port or free_port())],
        ):
            try:
                code = subprocess.run(command, env=environ, check=False).returncode
            except KeyboardInterrupt:
                return 0
            if code:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
