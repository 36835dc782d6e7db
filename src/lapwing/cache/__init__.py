"""Rollups: build, store, route, read."""
