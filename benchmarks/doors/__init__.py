"""How fast answers leave by each door: one file a door."""
