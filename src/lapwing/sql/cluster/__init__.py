"""Whole statements on a cluster that has the project's tables, too.

`places` finds the tables there, `expressions` and `queries` write the statement in the cluster's SQL where each part of it
means the same, `whole` makes the plan, or says why there is none.
"""
