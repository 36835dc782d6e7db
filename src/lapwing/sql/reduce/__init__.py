"""Semi-join reduction: the values one scan holds leave out rows of another that could meet none of them.

`edges` reads from the statement which scan may reduce which; `choose` takes those that pay, by the sources' own statistics;
`keys` writes the values at a source; `values` finds them while the statement runs.
"""
