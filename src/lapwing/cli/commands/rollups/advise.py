"""lapwing rollups advise: which rollups the questions asked so far would have needed."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from lapwing.cli import output
from lapwing.cli.commands.query import count
from lapwing.cli.project import open_project

if TYPE_CHECKING:
    from lapwing.query.advise.propose import Advice
    from lapwing.query.service import Lapwing

HELP = "propose rollups for the questions that were asked"
DESCRIPTION = """Proposes rollups from the log of questions: those that no rollup answered, with the coarsest grain that serves
them in all their zones, the dimensions asked and filtered by, and the measures. Of all sets of dimensions those are taken
that save the most time for their size, while the budget of cells lasts. Sizes are counted at the source, over the last four
weeks where there is much more. --write declares them in the datasets' files, whose other lines stay as they are; then
`lapwing build` builds them.

  lapwing rollups advise
  lapwing rollups advise flights --budget 1000000 --write"""

_MOST_SHAPES = 3


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("dataset", nargs="?", metavar="DATASET", help="default: all datasets")
    parser.add_argument("--budget", type=count, metavar="CELLS", help="of a dataset's proposals together (10 million)")
    parser.add_argument("--time-limit", type=float, default=60.0, metavar="S", help="seconds for each count (60)")
    parser.add_argument("--write", action="store_true", help="declare them in the datasets' files")


def run(options: Namespace) -> int:
    from lapwing.query.advise.propose import BUDGET, advise

    with open_project(options) as lapwing:
        _check(lapwing, options.dataset)
        budget = BUDGET if options.budget is None else options.budget
        advice, left = advise(lapwing, options.dataset, budget=budget, time_limit=options.time_limit)
        written = _write(lapwing, advice) if options.write else []
    if options.json:
        told = [asdict(one) for one in advice]
        output.write_json({"advice": told, "left": [asdict(one) for one in left], "written": written})
        return 0
    for one in advice:
        _tell(one)
    if not advice:
        print("No rollup to propose: no question in the log would be answered sooner by one.")
    for aside in left:
        often = "question" if aside.count == 1 else "questions"
        print(f"left: {aside.dataset}, {aside.count:,} {often} for {aside.says}. {aside.why}")
    for file in written:
        print(f"wrote {file}; now run `lapwing build`")
    return 0


def _check(lapwing: Lapwing, dataset: str | None) -> None:
    from lapwing.model.names import nearest
    from lapwing.model.problem import NotFound

    known = lapwing.project.datasets
    if dataset is not None and dataset not in known:
        raise NotFound.of("unknown-dataset", f"There is no dataset {dataset}.", nearest=nearest(dataset, known))


def _write(lapwing: Lapwing, advice: list[Advice]) -> list[str]:
    """The files that were changed."""
    from lapwing.query.advise.write import write

    files: dict[str, list[Advice]] = {}
    for one in advice:
        place = lapwing.project.datasets[one.dataset].place
        assert place.file is not None
        files.setdefault(place.file, []).append(one)
    for file, own in files.items():
        write(lapwing.project.root, lapwing.project.root / file, own)
    return list(files)


def _tell(one: Advice) -> None:
    from lapwing.query.advise.write import inline

    reads = "" if one.source_bytes is None else f", from tables of {one.source_bytes:,} bytes"
    print(f"{one.dataset}: {inline(one)}")
    print(f"  size   about {one.cells:,} cells under {one.keys:,} keys ({one.sized})")
    print(f"  build  about {one.seconds:,.1f} s ({one.timed}){reads}")
    often = "question" if one.questions == 1 else "questions"
    print(
        f"  saves  about {one.saved:,.0f} of {one.milliseconds:,.0f} ms in {one.questions:,} {often}, for which "
        f"{one.rows:,} rows ({one.bytes:,} bytes) came from the source"
    )
    for says in one.serves[:_MOST_SHAPES]:
        print(f"  for    {says}")
    if len(one.serves) > _MOST_SHAPES:
        print(f"  for    {len(one.serves) - _MOST_SHAPES} more")
