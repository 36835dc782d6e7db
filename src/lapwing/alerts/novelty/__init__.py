"""The detector of a single series of any kind: has such a value been seen before, on any time scale?

It needs no grain, no calendar and no kind of metric, so it judges what has none: a file of times and values. Metrics with
a rollup are judged by `alerts.detect`, which knows their seasons and what chance does to them.
"""
