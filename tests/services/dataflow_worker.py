"""The workers of one job of the double of Dataflow: a process of its own, which has nothing of this tree but what was
staged. Runs the pipeline of a file on Beam's direct runner, with the worker's environment in the place of the container."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(staged: Path, pipeline: Path, result: Path) -> None:
    """`staged`: the folder with the unpacked packages. Writes what was counted as JSON to `result`."""
    sys.path[:] = [str(staged), *(path for path in sys.path if "src" not in Path(path).parts)]

    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.portability import python_urns
    from apache_beam.portability.api import beam_runner_api_pb2

    import lapwing
    from lapwing.cache.builders.beam.direct import FnApiRunner

    assert Path(lapwing.__file__).is_relative_to(staged), lapwing.__file__
    proto = beam_runner_api_pb2.Pipeline.FromString(pipeline.read_bytes())
    for environment in proto.components.environments.values():
        environment.urn, environment.payload = python_urns.EMBEDDED_PYTHON, b""
        del environment.dependencies[:]
    done = FnApiRunner().run_via_runner_api(proto, PipelineOptions([]))
    done.wait_until_finish()
    counters = done.metrics().query()["counters"]
    told = [(one.key.metric.namespace, one.key.metric.name, one.committed or one.attempted or 0) for one in counters]
    result.write_text(json.dumps(told))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
