"""The front door: a question in, an answer with its receipt out."""
