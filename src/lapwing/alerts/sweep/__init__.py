"""Every slice watched: a cheap first look at all of them, the full model where that sees something."""
