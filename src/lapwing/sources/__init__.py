"""Where data lives: one file for each kind of source."""
