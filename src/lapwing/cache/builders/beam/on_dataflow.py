"""The builder `beam` on Dataflow: its jobs go on without this process, and a later build takes up what a lost one began."""

from __future__ import annotations

import hashlib
import re
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lapwing.cache.builders.base import Detached, Tell
from lapwing.cache.builders.beam import dataflow_api
from lapwing.cache.builders.beam.builder import BeamBuilder, Pipeline, Ready
from lapwing.cache.builders.beam.dataflow_api import DONE, LIVE, RUNNER, Dataflow, console, place_of
from lapwing.cache.builders.beam.followed import FollowedJob
from lapwing.cache.builders.beam.runners import WITH_LAPWING, options_of
from lapwing.cache.builders.beam.staging import staged_wheel
from lapwing.cache.distributed import Order
from lapwing.cache.home import Home
from lapwing.cache.jobs import Jobs, Remote
from lapwing.cache.leftovers import Leftovers, leftovers
from lapwing.cache.marks import Marks
from lapwing.cache.splits import Part
from lapwing.cache.stores.base import RollupStore
from lapwing.model.problem import LapwingError, Refused, WrongUse
from lapwing.model.project import BeamConfig, Project
from lapwing.sql.service import SqlService

_MOST_NAME: Final = 63


class DataflowBuilder(BeamBuilder):
    """`begins` is told of each job before it is submitted, and again when it has its id. With `detach` they are left then; with
    the option `template_location` one is written there, for a launcher of templates, and not submitted.

    Raises:
        Refused, WrongUse: it can't run as `config` says. SourceError: there are no credentials.
    """

    poll_seconds = 2.0

    def __init__(
        self,
        sql: SqlService,
        store: RollupStore,
        config: BeamConfig,
        begins: Callable[[Remote], None],
        *,
        detach: bool = False,
    ) -> None:
        super().__init__(sql, store, config)
        self._template = str(config.options.get("template_location", ""))
        self._written = False
        self.detaches = detach or bool(self._template)
        self._place = place_of({**config.dataflow, **config.options})
        self._api = Dataflow(self._place)
        self._begins = begins
        self._left = Leftovers()

    def left(self, jobs: Jobs) -> Leftovers:
        """What lost builds began on Dataflow and is still at work, or done."""
        self._left = leftovers(jobs, self._lives)
        return self._left

    def cancel(self, remote: Remote) -> None:
        """Stops a job; best effort."""
        with suppress(LapwingError):
            dataflow_api.cancel(remote)

    def _lives(self, remote: Remote) -> bool | None:
        if remote.runner != RUNNER or {**remote.place, "url": ""} != {**self._place, "url": ""}:
            return None
        found = self._api.find(remote.name)
        return found is not None and found[1] in LIVE | DONE

    def write(self, order: Order, cancel: threading.Event, tell: Tell) -> Generator[tuple[int, Ready], None, None]:
        """As the contract says.

        Raises:
            Refused: the dataset is of a source on this machine, out of reach for Dataflow's workers.
        """
        sources = self._sql.project.sources
        for table, _ in Marks(self._sql).tables(order.finest.bound):
            config = sources[table.source]
            if config.path is not None:
                raise Refused.of(
                    "source-out-of-reach",
                    f"{table.path} lies on this machine, out of reach for Dataflow's workers.",
                    place=config.place,
                    hint="Have it in BigQuery or in a database that they reach, or use another runner.",
                )
        yield from super().write(order, cancel, tell)

    def _project(self) -> Project:
        """Workers act as the account of their machines: a key file of this machine is not there."""
        project = self._sql.project
        return replace(project, sources={name: replace(one, key_file=None) for name, one in project.sources.items()})

    def _begin(self, order: Order, home: Home, tell: Tell) -> tuple[Pipeline, int]:
        taken = self._left.of(order.finest.id, order.members[0].versions[0])
        if taken is not None:
            tell(f"goes on with Dataflow's job {taken.id or taken.name}")
            return FollowedJob(self._api, self._place, lambda: self._found(taken)), 0
        parts = self._parts(order, tell)
        name = str(self._config.options.get("job_name") or job_name(self._sql.project.name, order))
        self._remember(order, name, None)
        if self._template:
            self._write_template(self._pipeline_of(order, home, parts, name), order)
            raise Detached

        def submit() -> str:
            given = {**self._config.dataflow, **self._config.options}
            for location in {str(given.get("staging_location") or given["temp_location"]), str(given["temp_location"])}:
                dataflow_api.check_bucket(self._place, location)
            with self._pipeline_of(order, home, parts, name) as pipeline:
                number = _submitted(pipeline, self._api, name)
            self._remember(order, name, number)
            tell(f"Dataflow's job {number} is submitted: {console(self._place, number)}")
            return number

        return FollowedJob(self._api, self._place, submit), len(parts)

    @contextmanager
    def _pipeline_of(self, order: Order, home: Home, parts: Sequence[Part], name: str) -> Iterator[Any]:
        """The pipeline of the job `name`; what it stages is there while the block lasts."""
        with _staged(self._config) as config:
            options = options_of(config, {"job_name": name, "labels": _labels(config, self._sql.project.name)})
            yield self._pipeline(order, home, parts, options)

    def _write_template(self, made: AbstractContextManager[Any], order: Order) -> None:
        """Writes what a template's launcher submits: one job.

        Raises:
            Refused: it was written before.
        """
        if self._written:
            raise Refused.of(
                "one-job",
                f"A template is one job, and {order.finest.name} would be another.",
                hint="Build rollups that follow from one another, or one of them: `lapwing build DATASET.ROLLUP`.",
            )
        with made as pipeline, _told():
            pipeline.run()
        self._written = True

    def _found(self, remote: Remote) -> str:
        found = self._api.find(remote.name)
        assert found is not None  # `left` has seen it
        self._begins(replace(remote, id=found[0]))
        return found[0]

    def _remember(self, order: Order, name: str, number: str | None) -> None:
        self._begins(
            Remote(
                runner=RUNNER,
                name=name,
                id=number,
                place={**self._place, **({"url": console(self._place, number)} if number else {})},
                rollup=order.finest.name,
                versions={one.definition.id.hex(): one.versions[0] for one in order.members},
                borders=order.borders,
                marks=order.marks,
            )
        )


def job_name(project: str, order: Order) -> str:
    """A name as Dataflow takes it. It is of this order alone, so a job is never there twice: while one of a name lives,
    Dataflow does not begin another."""
    versions = [(one.definition.id.hex(), one.versions) for one in order.members]
    token = hashlib.sha256(repr((project, versions, order.borders)).encode()).hexdigest()[:12]
    said = re.sub("[^a-z0-9]+", "-", f"lapwing-{project}-{order.finest.name}".lower())
    return f"{said[: _MOST_NAME - len(token) - 1].strip('-')}-{token}"


def _labels(config: BeamConfig, project: str) -> tuple[str, ...]:
    own = f"lapwing-project={re.sub('[^a-z0-9_-]', '-', project.lower())[:63]}"
    given = config.dataflow.get("labels", ())
    return (own, *(given if isinstance(given, tuple) else (str(given),)))


@contextmanager
def _staged(config: BeamConfig) -> Iterator[BeamConfig]:
    """The configuration by which workers come to have Lapwing: as it says, or the one that runs here."""
    given = {**config.dataflow, **config.options}
    if any(given.get(name) for name in WITH_LAPWING):
        yield config
        return
    with tempfile.TemporaryDirectory(prefix="lapwing-") as folder:
        wheel = staged_wheel(Path(folder))
        yield replace(config, dataflow={**config.dataflow, "extra_packages": (str(wheel),)})


def _submitted(pipeline: Any, api: Dataflow, name: str) -> str:
    """The id of the job, which may have been submitted before."""
    from apache_beam.runners.dataflow.internal.apiclient import DataflowJobAlreadyExistsError

    try:
        with _told():
            return str(pipeline.run().job_id())
    except DataflowJobAlreadyExistsError:
        found = api.find(name)
        if found is None:
            raise
        return found[0]


@contextmanager
def _told() -> Iterator[None]:
    """Raises errors of a submission as ours."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        raise dataflow_api.explain(error) from error
    except OSError as error:  # what Beam makes of a bucket that is not there, or may not be written
        cause = error.__cause__ or error.__context__
        raise dataflow_api.explain(cause if isinstance(cause, GoogleAPICallError) else error) from error
    except ValueError as error:
        says = " ".join(str(error).split())[:400].rstrip(".")
        raise WrongUse.of("bad-option", f"Beam does not take these pipeline options: {says}.") from error
