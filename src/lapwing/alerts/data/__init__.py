"""Data about data: what is watched of datasets themselves, and what it means for their metrics."""
