"""TPC-H and TPC-DS spread over sources: Lapwing beside DuckDB's own scanners, DuckDB with all of it, and Trino."""
