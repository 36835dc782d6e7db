"""Builders of rollup partitions behind one contract."""
