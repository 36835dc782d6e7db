"""How good alerts are: on labelled data, beside simple ways of doing it."""
