"""Opens the sources of a project, each when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from lapwing.model.names import nearest
from lapwing.model.problem import ModelError
from lapwing.model.project import SourceConfig
from lapwing.model.source_kinds import SOURCE_KINDS
from lapwing.sources.base import Source
from lapwing.sources.circuit import CircuitState
from lapwing.sources.engine import Engine
from lapwing.sources.guarded import Guarded


def open_source(config: SourceConfig, engine: Engine) -> Source:
    """The source for a configuration: `SOURCE` of the module that is called as its type. Nothing is connected yet.

    Raises:
        ModelError: no such kind.
    """
    if config.type not in SOURCE_KINDS:
        near = nearest(config.type, SOURCE_KINDS)
        says = f"{config.type} is no kind of source."
        raise ModelError.of("unknown-source-type", says, place=config.place, nearest=near)
    kind: Callable[[SourceConfig, Engine], Source] = import_module(f"lapwing.sources.{config.type}").SOURCE
    return kind(config, engine)


class Sources(Mapping[str, Source]):
    """The sources of a project by name. Safe to use from several threads."""

    def __init__(self, configs: Mapping[str, SourceConfig], engine: Engine) -> None:
        self._configs, self._engine = configs, engine
        self._open: dict[str, Source] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> Source:
        with self._lock:
            if name not in self._open:
                source = open_source(self._configs[name], self._engine)
                # What the engine reads by itself is tried again by the engine.
                self._open[name] = source if source.capabilities.native else Guarded(source)
            return self._open[name]

    def circuits(self) -> Mapping[str, CircuitState]:
        """How the circuits of sources stand that have one and were asked for, by name."""
        opened = dict(self._open)  # a copy at once: who asks waits for no source that is being opened
        return {name: one.circuit.state() for name, one in opened.items() if isinstance(one, Guarded)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._configs)

    def __len__(self) -> int:
        return len(self._configs)

    def close(self) -> None:
        with self._lock:
            for source in self._open.values():
                source.close()
            self._open.clear()
