"""The operations of the HTTP API: thin, one file for each subject."""
