"""HTTP: thin adapters, no logic."""
