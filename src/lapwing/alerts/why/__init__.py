"""Why a metric changed between two stretches of time: of an incident and on demand, in one and the same object.

`pair` reads a metric as an amount over a weight, `dimensions` says what it can be split by, `leaves` asks the front door for
all combinations of these, `alerts.slicing` searches them, `tables` has every slice of each dimension, `factors` the metrics
that it is the product of, `says` the sentence; `service` puts them together into `change.Change`.
"""
