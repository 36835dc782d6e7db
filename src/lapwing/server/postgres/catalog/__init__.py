"""pg_catalog and information_schema, as clients look there for tables and columns."""
