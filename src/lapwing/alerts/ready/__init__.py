"""Readiness: how much of a bucket is there at which age, learned from what was seen."""
