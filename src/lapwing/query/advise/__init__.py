"""Advice: rollups that the questions asked so far would have needed."""
