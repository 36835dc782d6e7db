"""The command `lapwing`: arguments in, an exit code out; errors as sentences (or JSON) on stderr, never a stack trace."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn

from lapwing.cli.arguments import parse
from lapwing.cli.lean import without_pandas
from lapwing.cli.report import show_error
from lapwing.model.problem import LapwingError

INTERRUPTED = 130
"""What shells expect after Ctrl-C, so that a script's loop ends, too."""


def run() -> NoReturn:
    """The entry point of the console script."""
    sys.excepthook = _unexpected
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what runs at sources is stopped there, as at Ctrl-C
    without_pandas()
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _no_more_output()
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code."""
    as_json = "--json" in arguments
    try:
        options = parse(arguments)
        return int(options.run(options))
    except SystemExit as leaving:  # --help, --version
        return leaving.code if isinstance(leaving.code, int) else 1
    except LapwingError as error:
        show_error(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:  # the reader has seen enough, as in `| head`
        _no_more_output()
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED


def _no_more_output() -> None:
    """Leaving would flush into the closed pipe and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A fault of ours: one sentence; where it was only for those who ask."""
    sys.stderr.write(f"Lapwing stumbled: {kind.__name__}: {error}\n")
    if os.environ.get("LAPWING_DEBUG"):
        sys.__excepthook__(kind, error, trace)
    else:
        sys.stderr.write("This is a fault of Lapwing's. LAPWING_DEBUG=1 shows where; please report it with that.\n")


if __name__ == "__main__":
    run()
