"""The Python door: DB-API 2.0 (PEP 249), Arrow, and metric queries, over a project in this process or a server."""
