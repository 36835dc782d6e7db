"""Aggregates made by the sources: where a SELECT aggregates one table, groups travel instead of rows.

`tree` finds such SELECTs in the engine's own syntax tree; `parts` says of what each aggregate is made; `block` writes the
source's statement; `push` puts it in the place of the table, where that pays.
"""
