"""One file a command: HELP (a line), DESCRIPTION, `arguments(parser)`, and `run(options)` that gives the exit code.

Loaded for `lapwing --help`: what is heavy is imported in `run`.
"""
