"""Where BigQuery's emulator is known to answer otherwise than BigQuery's own manual says: a statement that asks it for that is
not compared, and not counted as right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from lapwing.sql.nodes import Scan

EMULATED: Final = (
    (
        re.compile(r"\b(MOD|DIV)\(.*BIGNUMERIC", re.DOTALL),
        "sums there go by DIV and MOD of BIGNUMERIC, which have 64 bits in the emulator",
    ),
    (re.compile(r"LIKE '(?:[^'\\]|\\.)*_"), "`_` of LIKE stands for nothing but itself in the emulator"),
)
"""What the SQL has in it that BigQuery is sent, and why the answer shows nothing."""


def uncounted(scans: Iterable[Scan]) -> str | None:
    """Why the answer made of these scans is not compared; None where it is."""
    asked = [scan.sql for scan in scans if scan.kind == "bigquery"]
    return next((why for found, why in EMULATED if any(found.search(sql) for sql in asked)), None)
