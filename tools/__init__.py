"""What the Makefile needs and the package does not."""
