"""Rollup stores behind one contract."""
