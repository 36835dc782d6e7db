"""Incidents put into made series of advertising metrics, with known start, kind, direction and cost, and among them what is
nothing to tell: who finds the ones and is silent about the others?"""
