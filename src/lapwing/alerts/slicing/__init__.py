"""Which slices explain that a metric moved: a search over all combinations of dimension values at one moment.

`leaves` has the data, `expected` what each leaf should have had, `evidence` how much a leaf speaks for a shift, `lattice`
sums that over every slice, `search` chooses slices and asks whether chance or the whole metric explains it as well, `split`
divides a ratio's change into rate and mix.
"""
