"""The YAML as pydantic documents: what may be written, in its short and long forms. The JSON Schema comes from here."""
