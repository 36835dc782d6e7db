"""The runners of pipelines: what each is asked for, and which stores its workers reach."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lapwing.model.names import nearest
from lapwing.model.problem import Refused, WrongUse
from lapwing.model.project import BeamConfig, StoreConfig

RUNNERS: Final = ("direct", "prism", "flink", "dataflow")
_SERVER_SECONDS: Final = 20
"""For which a job server is waited for, each time."""
_HERE: Final = ("direct", "prism", "flink")
"""Their workers are threads of the process that asks, or processes of its machine, unless told otherwise."""
WITH_LAPWING: Final = ("sdk_container_image", "extra_packages", "setup_file")
"""By which workers elsewhere come to have Lapwing."""
_NEEDED_BY_DATAFLOW: Final = ("project", "region", "temp_location")


def check_beam(config: BeamConfig, store: StoreConfig) -> None:
    """Raises:
    Refused: Beam is not installed, or the runner's workers could not reach the store.
    WrongUse: an unknown runner, or one that lacks what it needs.
    """
    if config.runner not in RUNNERS:
        raise WrongUse.of(
            "unknown-runner", f"There is no runner {config.runner}.", nearest=nearest(config.runner, RUNNERS)
        )
    if importlib.util.find_spec("apache_beam") is None:
        extra = "dataflow" if config.runner == "dataflow" else "beam"
        raise Refused.of(
            "missing-extra", "Apache Beam is not installed.", hint=f"Install it: pip install 'lapwing[{extra}]'"
        )
    if config.runner == "flink" and not config.job_endpoint:
        raise WrongUse.of(
            "missing-endpoint",
            "The runner flink needs the address of Flink's job server for Beam.",
            hint="Give --job-endpoint HOST:PORT, or job_endpoint under beam: in lapwing.yaml.",
        )
    if config.runner == "dataflow":
        _check_dataflow(config)
    _check_store(config, store)


def _check_dataflow(config: BeamConfig) -> None:
    given = {**config.dataflow, **config.options}
    missing = [name for name in _NEEDED_BY_DATAFLOW if not given.get(name)]
    if missing:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise WrongUse.of(
            "missing-options",
            f"The runner dataflow needs {' and '.join(missing)}.",
            hint=f"Give {flags}, or write them under beam: dataflow: in lapwing.yaml.",
        )
    if not str(given["temp_location"]).startswith("gs://"):
        raise WrongUse.of(
            "bad-option",
            f"temp_location is {given['temp_location']}, which is not in Cloud Storage.",
            hint="Give gs://BUCKET/FOLDER, in the region of the workers.",
        )
    if "job_name" in config.options and "template_location" not in config.options:
        raise WrongUse.of(
            "unused-option",
            "The jobs of a build have names of their own.",
            hint="Leave job_name out; labels tell jobs apart.",
        )
    if importlib.util.find_spec("google.cloud.dataflow") is None:
        raise Refused.of(
            "missing-extra",
            "What Beam needs for Dataflow is not installed.",
            hint="Install it: pip install 'lapwing[dataflow]'",
        )


def _check_store(config: BeamConfig, store: StoreConfig) -> None:
    options = config.options
    apart = options.get("direct_running_mode") == "multi_processing" or "environment_type" in options
    apart = apart or "use_loopback_process_worker" in str(options.get("experiments", ""))
    if store.type == "memory" and (config.runner not in _HERE or apart):
        raise Refused.of(
            "store-out-of-reach",
            "A store in memory is out of reach for workers in other processes.",
            hint="Keep rollups in a store of type lmdb or bigtable, or use the runner direct as it is.",
        )
    if store.type == "lmdb" and config.runner == "dataflow":
        raise Refused.of(
            "store-out-of-reach",
            "A store of type lmdb lies on this machine, out of reach for Dataflow's workers.",
            hint="Keep rollups in a store of type bigtable.",
        )


def be_quiet() -> None:
    """Beam logs each failure of a worker with its whole trace, and sets up logging where nobody did. What the command says
    tells the failure itself, so then only that is said. Call it before Beam is imported."""
    if not logging.getLogger().handlers:
        logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
        logging.getLogger("PrismRunner").disabled = True


def workers_of(config: BeamConfig) -> int:
    """How many work side by side, as far as that is known."""
    if config.workers is not None:
        return config.workers
    return (os.cpu_count() or 1) if config.runner in _HERE else 16


def runner_of(config: BeamConfig) -> Any:
    """Beam's runner, for one pipeline; None where the options name it."""
    if config.runner == "direct":
        # Beam's own "DirectRunner" may choose Prism, and fetch it from the network.
        from lapwing.cache.builders.beam.direct import FnApiRunner

        return FnApiRunner()
    if config.runner == "prism" and config.job_endpoint is None:
        from lapwing.cache.builders.beam.prism import OwnPrism

        return OwnPrism()
    return None


def options_of(config: BeamConfig, own: Mapping[str, Any] | None = None) -> Any:
    """Beam's `PipelineOptions`; `own` ones go before all others.

    Raises:
        WrongUse: an option that Beam does not know, with the nearest names, or a value that it does not take.
    """
    from apache_beam.options.pipeline_options import PipelineOptions

    known = PipelineOptions([]).get_all_options()
    for name in config.options:
        if name not in known:
            raise WrongUse.of(
                "unknown-option",
                f"Beam has no pipeline option {name}.",
                nearest=nearest(name, known),
                hint="Beam's own documentation lists them; write them with underscores.",
            )
    elsewhere = config.dataflow if config.runner == "dataflow" else {}
    given: dict[str, Any] = {**_own(config), **elsewhere, **config.options, **(own or {})}
    flags = [flag for name, value in given.items() for flag in _flags(name, value)]
    quiet = logging.getLogger("apache_beam.options.pipeline_options")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        options = PipelineOptions(flags)
        options.get_all_options()
    except (SystemExit, ValueError) as error:  # argparse ends the process
        raise WrongUse.of("bad-option", f"Beam does not take these pipeline options: {' '.join(flags)}.") from error
    finally:
        quiet.setLevel(level)
    return options


def _own(config: BeamConfig) -> Mapping[str, Any]:
    match config.runner:
        case "direct":
            workers = workers_of(config)
            mode = "multi_threading" if workers > 1 else "in_memory"
            return {"direct_num_workers": workers, "direct_running_mode": mode}
        case "prism" if config.job_endpoint is None:
            return {"sdk_worker_parallelism": workers_of(config)}
        case "prism" | "flink":
            own = {"runner": "PortableRunner", "job_endpoint": config.job_endpoint, "environment_type": "LOOPBACK"}
            return {**own, "parallelism": config.workers, "job_server_timeout": _SERVER_SECONDS}
        case "dataflow":
            return {"runner": "DataflowRunner", "max_num_workers": config.workers}
    return {}


def _flags(name: str, value: object) -> Iterator[str]:
    match value:
        case False | None:
            return
        case True:
            yield f"--{name}"
        case tuple() | list():
            for one in value:
                yield f"--{name}={one}"
        case _:
            yield f"--{name}={value}"
