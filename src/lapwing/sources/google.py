"""What all of Google's libraries share: where they look for credentials, for the errors that say that there are none; and a
gRPC that lets other programs be started."""

from __future__ import annotations

import os

# Its handlers of forks abort one of some forty programs that are started while it is at work, such as Spark's Java. It looks
# when the first channel is opened.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")


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
