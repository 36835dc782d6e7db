"""A certificate of this machine's own names, signed by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path


def certificate(folder: Path) -> tuple[Path, Path]:
    """It and its key, as files in PEM form."""
    key, found = folder / "server.key", folder / "server.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(found)]
    subprocess.run([*made, *names], check=True, capture_output=True)
    return found, key
