"""What is shown, one idea a file."""
