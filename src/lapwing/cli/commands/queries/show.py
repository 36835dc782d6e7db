"""lapwing queries show: one statement, with its plan and what each source is sent."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.commands.queries import client
from lapwing.cli.commands.queries.listing import stage
from lapwing.model.size import counted

HELP = "one statement, with its plan and what each source is sent"
DESCRIPTION = """Shows a statement of a running server: who asks, how far it is, the engine's steps, and of each read of a source
its SQL and what came of it.

  lapwing queries show 7f3a5e0b9c1d2e3f"""


def arguments(parser: ArgumentParser) -> None:
    client.arguments(parser)
    parser.add_argument("id", metavar="ID", help="as `lapwing queries list` tells it")


def run(options: Namespace) -> int:
    told = client.ask(options, "GET", "api", "queries", options.id)
    if options.json:
        output.write_json(told)
        return 0
    print(f"query     {told['id']}: {stage(told)}")
    print(f"asked     by {told['who']} ({told['door']}, {told['priority']}) at {told['began']}")
    print(f"took      {told['milliseconds']:,.0f} ms, of which it waited {told['waited']:,.0f}")
    share = "" if told["fraction"] is None else f", about {told['fraction']:.0%} done"
    print(f"result    {counted(told['rows'], 'row')}, {counted(told['bytes'], 'byte')}{share}")
    print("text")
    print(_indented(told["text"]))
    if told["plan"] is not None:
        for scan in told["plan"]["scans"]:
            read = (
                "read by the engine"
                if scan["rows"] is None
                else f"{counted(scan['rows'], 'row')}, {counted(scan['bytes'], 'byte')}"
            )
            print(f"source    {scan['source']}, {scan['table']}: {read}")
            print(_indented(scan["sql"]))
        print("steps")
        for step in told["plan"]["steps"]:
            print(_indented(f"{'  ' * step['depth']}{step['name']} {step['detail']}".rstrip()))
    return 0


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
