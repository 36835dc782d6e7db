"""TPC-H spread over PostgreSQL, SQLite and Parquet files: Lapwing beside DuckDB's own scanners and DuckDB with all of it."""
