"""A market of ads, simulated: who advertises (`world`), what happens when (`traffic`), and each event of a day (`day`).

What goes wrong, and what people knew of before, is in `plan`; `happen` lets it, and `labels` says what it cost.
Everything follows from a seed, and each day is drawn by itself: any days, in any order, on any machine, are the same.
"""
