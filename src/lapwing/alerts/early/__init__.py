"""Early warning: what is likely to go wrong, before it has."""
