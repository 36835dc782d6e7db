"""Lapwing: one definition of a metric for queries, cached answers and alerts."""

__version__ = "0.1.0"
