"""Answers as bytes: one file a format. Used by the HTTP server and by the command line."""
