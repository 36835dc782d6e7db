"""Where Google's libraries look for credentials, for the errors that say that there are none."""

from __future__ import annotations

import os


def searched() -> str:
    """All places, in the order in which they were looked at."""
    named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    folder = os.environ.get("CLOUDSDK_CONFIG") or "~/.config/gcloud"
    first = f"the file of GOOGLE_APPLICATION_CREDENTIALS ({named}, which can't be used)"
    places = (
        first if named else "GOOGLE_APPLICATION_CREDENTIALS (not set)",
        f"{folder}/application_default_credentials.json (not there, or not usable)",
        "the metadata server of Google Cloud (does not answer)",
    )
    return f"Looked for, in this order: {'; '.join(places)}."
