"""Readiness and late data, measured."""
