"""Mergeable states: one file each."""
