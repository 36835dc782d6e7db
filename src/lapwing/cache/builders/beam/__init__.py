"""The builder `beam`: Apache Beam's workers read, fold and write, on whatever runner there is."""
