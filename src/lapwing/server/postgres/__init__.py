"""The Postgres wire door: clients of PostgreSQL read the project's sources and metrics."""
