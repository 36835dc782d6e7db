"""lapwing check: everything that is wrong, at once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from lapwing.cli import output
from lapwing.cli.project import find
from lapwing.cli.report import lines

HELP = "say what is wrong in the project and its data"
DESCRIPTION = "Reads all files of the project, then binds them to the data. Tells every problem with file and line."


def arguments(_: ArgumentParser) -> None:
    """It has no flags of its own."""


def run(options: Namespace) -> int:
    from lapwing.model.load import check_files
    from lapwing.query.service import Lapwing

    root = find(options)
    project, problems = check_files(root)
    if project is not None and not problems:
        with Lapwing(project) as lapwing:
            problems = lapwing.check()
    if options.json:
        output.write_json({"ok": not problems, "problems": [problem.as_dict() for problem in problems]})
    elif problems:
        print("\n".join(lines(problems)))
    elif project is not None:
        metrics = sum(len(dataset.metrics) for dataset in project.datasets.values())
        rollups = sum(len(dataset.rollups) for dataset in project.datasets.values())
        says = [(len(project.sources), "sources"), (len(project.datasets), "datasets"), (metrics, "metrics")]
        says += [(rollups, "rollups"), (len(project.monitors), "monitors")]
        print(f"{project.name} is right: {', '.join(f'{n} {what[:-1] if n == 1 else what}' for n, what in says)}.")
    return 1 if problems else 0
