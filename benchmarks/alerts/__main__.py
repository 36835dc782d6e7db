"""How good alerts are, on labelled data, beside baselines.

    python -m benchmarks.alerts --nab FOLDER [--small] [--json FILE]

Each part is a module with `arguments(parser)` and `run(options)`, which prints its table and gives its figures, or None
where its data was not given. The data is not part of the repository.
"""

from __future__ import annotations

import json
import sys

from benchmarks.alerts import nab
from benchmarks.report import parser

PARTS = {"nab": nab}


def main() -> int:
    """Runs every part that was given data."""
    asked = parser("How good alerts are, on labelled data, beside baselines.")
    for part in PARTS.values():
        part.arguments(asked)
    options = asked.parse_args()
    found = {name: figures for name, part in PARTS.items() if (figures := part.run(options)) is not None}
    if not found:
        asked.error("no data was given: name at least one folder")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
