"""A command must not spend its time on importing what it does not use."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from lapwing.cli.lean import without_pandas
without_pandas()
import pyarrow as pa
assert pa.array([1, None]).to_pylist() == [1, None]
print("pandas" in sys.modules)
"""


def test_pyarrow_works_without_pandas() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_help_loads_neither_http_nor_numbers() -> None:
    code = "import lapwing.cli.arguments, sys; print(sorted({'numpy', 'pyarrow', 'ssl', 'sqlglot', 'yaml'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
