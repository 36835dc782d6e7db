"""Answers to metric queries on the shelf of kept results, for those who say how old one may be.

An answer is kept whole, with its receipt: what answered, until when its data was, what was missing and how exact it was
are told with it again. Nobody asks rollups or sources meanwhile, so without a greatest age none is told.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pyarrow as pa

from lapwing.model.expression import measures
from lapwing.model.hashing import dataset_hash
from lapwing.model.project import Project
from lapwing.model.receipt import Piece, Receipt, flat
from lapwing.query.answer import Answer
from lapwing.query.ask import MetricQuery, Wishes
from lapwing.query.results.entry import Entry, Facts, WriteOver, told_time
from lapwing.query.results.key import code, configured
from lapwing.query.results.service import Results

_RECEIPT: Final = b"lapwing.receipt"


class Answers:
    """Safe to use from several threads, and in several processes at once."""

    def __init__(self, project: Project, results: Results) -> None:
        self._project, self._results = project, results

    def answer(self, query: MetricQuery, make: Callable[[MetricQuery], Answer]) -> Answer:
        """The answer kept of the same query, if it is young enough, else the one that `make` gives, which is kept. Raises as
        `make` does, and NotFound for a metric that is not there."""
        age = query.wishes.max_age
        if not age or not query.wishes.cache or not self._results.shelf.budget:
            return make(query)
        started, since, key = time.perf_counter(), time.time(), self._key(query)
        found = self._results.shelf.get(key, lambda facts: 0 <= since - facts.since <= age)
        if found is not None and (told := _told(found, started)) is not None:
            self._results.told(found.facts)
            return told
        self._results.ran()
        # A query for the largest groups asks others in between: these are not kept beside it.
        answer = make(replace(query, wishes=replace(query.wishes, max_age=None)))
        self._keep(key, since, answer, (time.perf_counter() - started) * 1e3)
        return answer

    def _key(self, query: MetricQuery) -> str:
        """The same for queries that mean the same under definitions and sources that are the same."""
        project = self._project
        asked = [project.metric(name) for name in query.metrics]
        names = {dataset.name for dataset, _ in asked}
        names |= {ref.dataset for _, metric in asked for ref in measures(metric.expression)}
        wishes = query.wishes
        plain = Wishes(cache_only=wishes.cache_only, max_staleness=wishes.max_staleness, exact=wishes.exact)
        parts = (
            "metrics", code(), replace(query, wishes=plain), project.timezone, project.now, project.week_start,
            project.fiscal_start, [(name, dataset_hash(project.datasets[name])) for name in sorted(names)],
            [(name, configured(source)) for name, source in sorted(project.sources.items())],
        )  # fmt: skip
        return hashlib.sha256(repr(parts).encode(errors="surrogatepass")).hexdigest()

    def _keep(self, key: str, since: float, answer: Answer, milliseconds: float) -> None:
        table, receipt = answer.table, answer.receipt
        known = {**flat(receipt), "pieces": [], "considered": []}
        schema = table.schema.with_metadata(
            {**(table.schema.metadata or {}), _RECEIPT: json.dumps(known, default=dict)}
        )
        facts = Facts(
            text=receipt.asked if self._results.texts else "",
            since=since,
            versions=None,
            milliseconds=milliseconds,
            rows=table.num_rows,
            told_bytes=table.nbytes,
            billed=sum(piece.bytes_billed for piece in receipt.pieces),
        )
        writing = None
        try:
            writing = self._results.shelf.write(schema)
            for batch in table.replace_schema_metadata(schema.metadata).to_batches():
                writing.write(batch)
            self._results.shelf.put(key, writing, facts)
        except (OSError, pa.ArrowException, WriteOver):  # no fault of the disk is one of the answer
            if writing is not None:
                writing.drop()


def _told(entry: Entry, started: float) -> Answer | None:
    """The kept answer; None where it is no answer any more that this version reads."""
    try:
        table = entry.table()
        metadata = dict(table.schema.metadata or {})
        known: dict[str, Any] = json.loads(metadata.pop(_RECEIPT))
        facts = entry.facts
        since = told_time(facts.since)
        piece = Piece(by="kept result", name=since, rows=facts.rows, bytes=facts.told_bytes, as_of=since)
        pairs = {name: tuple(map(tuple, known[name])) for name in ("missing", "stale")}
        says = (
            f"Told from the answer kept of {since}, which took {facts.milliseconds:,.0f} ms; it is no older than allowed, and "
            "neither rollups nor sources were asked."
        )
        told = {"total": (time.perf_counter() - started) * 1e3}
        notes = (*known["notes"], says)
        receipt = Receipt(
            **{**known, **pairs, "pieces": (piece,), "considered": (), "milliseconds": told, "notes": notes}
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Answer(table=table.replace_schema_metadata(metadata or None), receipt=receipt)
