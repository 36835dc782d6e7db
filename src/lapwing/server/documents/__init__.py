"""What travels as JSON, typed: OpenAPI and its clients are generated from these. Answers are not validated against them at
run time (tests do), so that fast routes stay fast."""
