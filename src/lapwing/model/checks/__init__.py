"""What can be wrong in files that read well: one concern a file, each a function from drafts to problems."""
