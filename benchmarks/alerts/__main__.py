"""How good alerts are, on labelled data, beside baselines.

    python -m benchmarks.alerts [--injected [--sealed] [--several]] [--early [--sealed]] [--data] [--budget [--sealed]] [--ads]
        [--flights] [--nab FOLDER] [--heavy-tails] [--causes FOLDER] [--search] [--keeping] [--first-stage [--kept]]
        [--small] [--json FILE]

Each part is a module with `arguments(parser)` and `run(options)`, which prints its table and gives its figures, or None
where it was not asked for. Folders of data are not part of the repository.
"""

from __future__ import annotations

import json
import sys

from benchmarks.alerts import ads, budget, causes, first_stage, flights, heavy_tails, keeping, nab, slice_search
from benchmarks.alerts.data import table as data
from benchmarks.alerts.early import table as early
from benchmarks.alerts.injected import table as injected
from benchmarks.report import parser

PARTS = {
    "injected": injected,
    "early": early,
    "data": data,
    "budget": budget,
    "ads": ads,
    "flights": flights,
    "nab": nab,
    "heavy_tails": heavy_tails,
    "causes": causes,
    "search": slice_search,
    "keeping": keeping,
    "first_stage": first_stage,
}


def main() -> int:
    """Runs every part that was asked for."""
    asked = parser("How good alerts are, on labelled data, beside baselines.")
    for part in PARTS.values():
        part.arguments(asked)
    options = asked.parse_args()
    found = {name: figures for name, part in PARTS.items() if (figures := part.run(options)) is not None}
    if not found:
        asked.error("nothing was asked for: name at least one part")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
