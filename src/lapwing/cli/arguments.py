"""The command line as arguments: read by argparse, which is quick to load; told as problems where they are wrong.

`-p` and `--json` may stand before or after the command.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from lapwing import __version__
from lapwing.cli.commands import (
    build,
    catalog,
    channels,
    check,
    detect,
    explain,
    goals,
    incidents,
    init,
    jobs,
    maintenance,
    monitors,
    queries,
    query,
    results,
    rollups,
    serve,
    sql,
    store,
    why,
)
from lapwing.model.names import nearest
from lapwing.model.problem import WrongUse

COMMANDS = {
    part.__name__.rpartition(".")[2]: part
    for part in (
        sql,
        query,
        queries,
        results,
        build,
        jobs,
        monitors,
        rollups,
        store,
        serve,
        incidents,
        why,
        goals,
        channels,
        maintenance,
        detect,
        explain,
        init,
        check,
        catalog,
    )
}
_EPILOGUE = """Exit codes: 0 it worked, 1 it failed, 2 it was asked wrongly, 130 it was interrupted.
LAPWING_PROJECT names the project folder where -p does not, LAPWING_ENVIRONMENT the environment where -e does not.
`lapwing COMMAND --help` tells more."""


class _Parser(argparse.ArgumentParser):
    """Raises instead of leaving the process."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter, **settings})

    def error(self, message: str) -> NoReturn:
        says = message.removeprefix("argument ")
        hint = f"`{self.prog} --help` tells what there is."
        raise WrongUse.of("wrong-arguments", f"{says[:1].upper()}{says[1:]}.", hint=hint)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments read; `run` in them is what the command does.

    Raises:
        WrongUse: they make no sense. SystemExit: --help or --version was asked and told.
    """
    parser = _Parser(prog="lapwing", description="Metrics, SQL and alerts over your data.", epilog=_EPILOGUE)
    parser.add_argument("--version", action="version", version=f"lapwing {__version__}")
    _common(parser, unless_given=None, json=False)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for name, part in COMMANDS.items():
        command = _add(subparsers, name, part)
        if hasattr(part, "ACTIONS"):
            actions = command.add_subparsers(title="actions", metavar="ACTION", parser_class=_Parser, required=True)
            for action, of in part.ACTIONS.items():
                _add(actions, action, of)
    _look_at_command(arguments)
    options, unknown = parser.parse_known_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    if unknown:
        _unknown(unknown[0], options.parser)
    return options


def _add(subparsers: Any, name: str, part: Any) -> argparse.ArgumentParser:
    """The parser of a command, or of an action of one; `part` is its module."""
    command: argparse.ArgumentParser = subparsers.add_parser(name, help=part.HELP, description=part.DESCRIPTION)
    if hasattr(part, "run"):
        part.arguments(command)
        command.set_defaults(run=part.run, parser=command)
    _common(command, unless_given=argparse.SUPPRESS, json=argparse.SUPPRESS)
    return command


def _unknown(argument: str, command: argparse.ArgumentParser) -> NoReturn:
    says = f"{command.prog} does not know {argument}."
    flags = [flag for flag in command.format_help().split() if flag.startswith("--")]
    near = nearest(argument.partition("=")[0], flags) if argument.startswith("-") else ()
    raise WrongUse.of("wrong-arguments", says, nearest=near, hint=f"`{command.prog} --help` tells what there is.")


def _common(parser: argparse.ArgumentParser, *, unless_given: object, json: object) -> None:
    project_help = "the project's folder (default: the nearest one upwards with a lapwing.yaml)"
    environment_help = "one of the project's environments: where its data and rollups live"
    # A command may have a --project of its own, of a cloud; the folder is -p there.
    folder = ["-p"] if "--project" in parser._option_string_actions else ["-p", "--project"]
    parser.add_argument(*folder, dest="project", metavar="DIR", default=unless_given, help=project_help)
    parser.add_argument("-e", "--environment", metavar="NAME", default=unless_given, help=environment_help)
    parser.add_argument("--json", action="store_true", default=json, help="answers and errors as JSON")


def _look_at_command(arguments: Sequence[str]) -> None:
    """A mistyped command is told with the nearest one."""
    rest = iter(arguments)
    for argument in rest:
        if argument in ("-p", "--project", "-e", "--environment"):
            next(rest, None)
        elif not argument.startswith("-"):
            if argument not in COMMANDS:
                near = nearest(argument, COMMANDS)
                hint = None if near else f"There are {', '.join(COMMANDS)}."
                raise WrongUse.of("unknown-command", f"There is no command {argument}.", nearest=near, hint=hint)
            return
