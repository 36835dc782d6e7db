"""lapwing build: rollups brought up to the data."""

from __future__ import annotations

import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lapwing.cli import output
from lapwing.cli.lean import with_pandas
from lapwing.cli.project import open_project
from lapwing.cli.stopping import stopping
from lapwing.model.problem import Cancelled, WrongUse

if TYPE_CHECKING:
    from lapwing.cache.progress import BuildProgress, BuildReport
    from lapwing.model.project import BeamConfig, SparkConfig
    from lapwing.query.service import Lapwing

HELP = "build rollups, where data has changed"
DESCRIPTION = """Builds the partitions of rollups whose data changed since. Ctrl-C ends it after the partition at work; what
is built stays, and the next build goes on from there. What can't be built does not stop the rest; it is told at the end,
and the exit code is 1. What another process is building is waited for.

  lapwing build
  lapwing build flights.main --from 2013-02 --to 2013-04
  lapwing build --builder beam --runner prism --beam-option prism_location=/opt/prism"""

RUNNERS = ("direct", "prism", "flink", "dataflow")

_MOST = 64
STOPPING = "Stopping; what is built stays. The next build goes on from here."


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("which", nargs="?", metavar="DATASET[.ROLLUP]", help="default: all rollups of all datasets")
    parser.add_argument("--from", dest="start", metavar="T", help="only partitions that end after T")
    parser.add_argument("--to", dest="end", metavar="T", help="only partitions that start before T")
    parser.add_argument(
        "--builder",
        choices=("duckdb", "source", "beam", "spark"),
        default="duckdb",
        help="what aggregates (default: duckdb)",
    )
    parser.add_argument(
        "--parallel",
        type=_count,
        default=1,
        metavar="N",
        help="build N datasets, and N stretches of one, at once (default 1: the engine uses all cores for one)",
    )
    parser.add_argument(
        "--memory",
        type=_size,
        metavar="SIZE",
        help="what the whole build may take, such as 2GB; what is more goes to disk, beside the store, until it ends",
    )
    beam_arguments(parser)
    spark_arguments(parser)
    parser.add_argument(
        "--detach",
        action="store_true",
        help="end when Dataflow has the job; the next build by the same runner publishes what it wrote",
    )
    parser.add_argument("--full", action="store_true", help="build unchanged partitions again, too")


def beam_arguments(parser: ArgumentParser) -> None:
    """What goes before `beam:` in lapwing.yaml."""
    group = parser.add_argument_group("the builder beam", "What is left out is as under beam: in lapwing.yaml.")
    group.add_argument("--runner", choices=RUNNERS, help="what runs the pipeline (default: direct, on this machine)")
    group.add_argument("--job-endpoint", metavar="HOST:PORT", help="a job server that is running: flink's, or prism's")
    group.add_argument("--workers", type=_count, metavar="N", help="how many work side by side")
    group.add_argument(
        "--project", dest="dataflow_project", metavar="ID", help="of Google Cloud, that the runner dataflow works in"
    )
    group.add_argument("--region", metavar="NAME", help="of Dataflow's workers, such as europe-west1")
    group.add_argument("--temp-location", metavar="gs://…", help="where Dataflow keeps what it needs while it runs")
    group.add_argument(
        "--beam-option",
        dest="beam_options",
        action="append",
        default=[],
        type=_option,
        metavar="NAME=VALUE",
        help="a pipeline option of Beam's own, such as direct_running_mode=multi_processing; may be repeated",
    )


def spark_arguments(parser: ArgumentParser) -> None:
    """What goes before `spark:` in lapwing.yaml."""
    group = parser.add_argument_group("the builder spark", "What is left out is as under spark: in lapwing.yaml.")
    group.add_argument(
        "--master", metavar="URL", help="the cluster, such as spark://host:7077 (local[*], this machine)"
    )
    group.add_argument(
        "--spark-option",
        dest="spark_options",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="a setting of Spark's own, such as spark.executor.memory=4g; may be repeated",
    )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.strip(), value


def spark_config(options: Namespace, config: SparkConfig) -> SparkConfig:
    """The project's configuration, with what the command says in its place.

    Raises:
        WrongUse: flags of the builder spark for another one.
    """
    from dataclasses import replace

    given = ["--master"] * (options.master is not None) + ["--spark-option"] * bool(options.spark_options)
    if given and options.builder != "spark":
        raise WrongUse.of("unused-flag", f"{given[0]} is for the builder spark.", hint="Add --builder spark.")
    return replace(
        config, master=options.master or config.master, options={**config.options, **dict(options.spark_options)}
    )


def _option(text: str) -> tuple[str, bool | str]:
    name, equals, value = text.partition("=")
    name = name.strip().lstrip("-").replace("-", "_")
    if not equals or not name:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, {"true": True, "false": False}.get(value, value)


def beam_config(options: Namespace, config: BeamConfig) -> BeamConfig:
    """The project's configuration, with what the command says in its place.

    Raises:
        WrongUse: flags of the builder beam for another one.
    """
    from dataclasses import replace

    given = {"--runner": options.runner, "--job-endpoint": options.job_endpoint, "--workers": options.workers}
    dataflow = {
        name: value
        for name, value in (
            ("project", options.dataflow_project),
            ("region", options.region),
            ("temp_location", options.temp_location),
        )
        if value is not None
    }
    flags = [flag for flag, value in given.items() if value is not None]
    flags += [f"--{name.replace('_', '-')}" for name in dataflow] + ["--beam-option"] * bool(options.beam_options)
    if flags and options.builder != "beam":
        folder = " The project's folder is -p." if flags[0] == "--project" else ""
        raise WrongUse.of("unused-flag", f"{flags[0]} is for the builder beam.", hint=f"Add --builder beam.{folder}")
    runner = options.runner or config.runner
    endpoint = options.job_endpoint or (config.job_endpoint if runner == config.runner else None)
    if endpoint is not None and runner not in ("flink", "prism"):
        raise WrongUse.of(
            "unused-flag", f"The runner {runner} has no job endpoint.", hint="Add --runner flink or prism."
        )
    if dataflow and runner != "dataflow":
        flag = f"--{next(iter(dataflow)).replace('_', '-')}"
        raise WrongUse.of("unused-flag", f"{flag} is for the runner dataflow.", hint="Add --runner dataflow.")
    written = {name: value for name, value in config.options.items() if name not in dataflow}
    return replace(
        config,
        runner=runner,
        job_endpoint=endpoint,
        workers=options.workers or config.workers,
        options={**written, **dict(options.beam_options)},
        dataflow={**config.dataflow, **dataflow},
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST):
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST}")
    return int(text)


def _size(text: str) -> int:
    from lapwing.model.size import parse_size

    try:
        return parse_size(text)
    except WrongUse as error:
        (problem,) = error.problems
        says, hint = problem.message.rstrip("."), (problem.hint or "").rstrip(".")
        raise ArgumentTypeError(f"{says}. {hint}") from error


def run(options: Namespace) -> int:
    from lapwing.model.timerange import parse_range

    if options.builder == "spark":
        with_pandas()
    with open_project(options) as lapwing, stopping(STOPPING) as cancel:
        project = lapwing.project
        start, end = parse_range(
            options.start,
            options.end,
            now=lapwing.now(),
            zone=project.timezone,
            week_start=project.week_start,
            fiscal=project.fiscal_start,
        )
        try:
            report = _build(lapwing, options, start, end, cancel)
        except Cancelled:
            if not cancel.is_set():
                raise
            raise KeyboardInterrupt from None
    if options.json:
        output.write_json(_document(report))
    else:
        print("\n".join(_report_lines(report)))
        for one in report.failed:
            says = "\n".join(str(problem) for problem in one.problems)
            print(f"{one.name} could not be built. {says}", file=sys.stderr)
    return 1 if report.failed else 0


def _build(
    lapwing: Lapwing, options: Namespace, start: int | None, end: int | None, cancel: threading.Event
) -> BuildReport:
    with build_progress(quiet=options.json) as progress:
        return lapwing.cache.build(
            options.which,
            start=start,
            end=end,
            builder=options.builder,
            progress=progress,
            cancel=cancel,
            full=options.full,
            parallel=options.parallel,
            memory=options.memory,
            beam=beam_config(options, lapwing.project.beam),
            spark=spark_config(options, lapwing.project.spark),
            detach=options.detach,
        )


@contextmanager
def build_progress(*, quiet: bool) -> Iterator[Callable[[BuildProgress], None] | None]:
    """Tells a build's progress on stderr: a bar on a terminal, else a line for each partition."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _told_in_lines


def _told_in_lines(progress: BuildProgress) -> None:
    if progress.action != "unchanged":
        from lapwing.model.calendar import utc_iso

        says = f"{progress.done}/{progress.total} {progress.rollup} {utc_iso(progress.start)} {progress.action}"
        print(f"{says}, {progress.note or f'{progress.cells:,} cells'}", file=sys.stderr, flush=True)


@contextmanager
def _bar() -> Iterator[Callable[[BuildProgress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[left]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("looking", total=None, left="")

        def told(progress: BuildProgress) -> None:
            left = f"about {progress.seconds_left:.0f} s left" if progress.seconds_left else ""
            left = progress.note or left
            bar.update(task, description=progress.rollup, completed=progress.done, total=progress.total, left=left)

        yield told


def _document(report: BuildReport) -> dict[str, Any]:
    from dataclasses import asdict

    from lapwing.model.calendar import utc_iso

    data = asdict(report)
    for built in data["rollups"]:
        until = built["data_until"]
        built["data_until"] = None if until is None else utc_iso(until)
    data["failed"] = [
        {"name": one.name, "problems": [problem.as_dict() for problem in one.problems]} for one in report.failed
    ]
    return data


def _report_lines(report: BuildReport) -> Iterator[str]:
    from lapwing.model.calendar import utc_iso

    for built in report.rollups:
        until = f", data until {utc_iso(built.data_until)}" if built.data_until is not None else ""
        emptied = f", {built.emptied} emptied" if built.emptied else ""
        yield (
            f"{built.rollup}: {built.built} built, {built.unchanged} unchanged{emptied}; "
            f"{built.keys:,} keys, {built.cells:,} cells, {built.bytes:,} bytes in {built.seconds:.1f} s{until}"
        )
    if report.left:
        yield f"Left to go on: {', '.join(report.left)}. `lapwing jobs list` tells how far; the next build publishes."
    if report.rollups or not report.failed:
        yield f"Done in {report.seconds:.1f} s." if report.rollups else "There are no rollups to build."
