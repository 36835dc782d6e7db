"""Results of statements, kept on disk and told again while their sources are as they were."""
