"""The runner prism, with a server of its own for each pipeline. Beam's own way sets a handler of signals, which only a
process's main thread may, and leaves the server running."""

from __future__ import annotations

import logging
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.prism_runner import PrismJobServer, PrismRunner

# It warns of each program that it starts and ends.
logging.getLogger("apache_beam.utils.subprocess_server").setLevel(logging.ERROR)


class OwnPrism(PrismRunner):  # type: ignore[misc]
    """Close it when its pipeline has ended. The program is `prism_location` of the options; without it Beam fetches one."""

    def __init__(self) -> None:
        super().__init__()
        self._server: Any = None

    def default_job_server(self, options: PipelineOptions) -> Any:
        self._server = PrismJobServer(options)
        return self._server

    def close(self) -> None:
        """Ends the server, if it was started."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
