"""The pipeline of an order: parts of rows, blocks by shard, chunks, heads by version, index and receipt."""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineRunner

from lapwing.cache.builders.beam.steps import TALLIES, Key, Place, ReadPart, WriteRest, WriteShard
from lapwing.cache.builders.beam.tally import Tally
from lapwing.cache.home import Job
from lapwing.cache.splits import Part


def make_pipeline(
    job: Job, parts: Sequence[Part], options: PipelineOptions, runner: PipelineRunner | str | None = None
) -> beam.Pipeline:
    """A pipeline that builds and writes all versions of a job from `parts`, on `runner` (None: as `options` say). It is
    bounded, reads nothing while it is made, and has no other output than what its workers write into the store."""
    pipeline = beam.Pipeline(runner=runner, options=options)
    order = job.order
    # Those without rows are written, too.
    every = [
        ((member, partition), Tally().sent())
        for member in range(len(order.members))
        for partition in range(len(order.borders) - 1)
    ]
    read = (
        pipeline
        | "Parts" >> beam.Create(list(parts), reshuffle=False)
        | "Spread" >> beam.Reshuffle()
        | "Read" >> beam.ParDo(ReadPart(job)).with_outputs(TALLIES, main="blocks")
    )
    chunks = (
        read.blocks
        | "Blocks" >> beam.Map(lambda one: one).with_output_types(tuple[Key, bytes])
        | "ByShard" >> beam.GroupByKey()
        | "Write" >> beam.ParDo(WriteShard(job)).with_output_types(tuple[Place, bytes])
    )
    versions = pipeline | "Versions" >> beam.Create(every).with_output_types(tuple[Place, bytes])
    tallies = read[TALLIES] | "Tallies" >> beam.Map(lambda one: one).with_output_types(tuple[Place, bytes])
    (
        (chunks, tallies, versions)
        | "Together" >> beam.Flatten()
        | "ByVersion" >> beam.GroupByKey()
        | "Finish" >> beam.ParDo(WriteRest(job))
    )
    return pipeline
