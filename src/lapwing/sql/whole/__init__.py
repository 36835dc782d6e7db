"""Whole statements where their tables are: on a cluster that has the project's sources as catalogs, or in one source.

`cluster` and `bigquery` find the tables there and know how each part of a statement is said there (`speech`), `expressions`
and `queries` walk the statement and follow its types, `worth` says whether it pays, `push` makes the plan, or says why there
is none.
"""
