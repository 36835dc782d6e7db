"""The builder of those whose cluster is Spark."""
