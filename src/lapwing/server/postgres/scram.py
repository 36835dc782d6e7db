"""The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), as PostgreSQL's clients speak it.

They leave the user's name in it empty, which libraries for SCRAM refuse, since the RFC wants one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata

ROUNDS = 4096


class Scram:
    """One login: `challenge` to the client's first words, then `proof` to its last."""

    def __init__(self, token: str) -> None:
        self._salt = secrets.token_bytes(16)
        password = unicodedata.normalize("NFKC", token).encode()
        salted = hashlib.pbkdf2_hmac("sha256", password, self._salt, ROUNDS)
        client_key = _mac(salted, b"Client Key")
        self._stored_key = hashlib.sha256(client_key).digest()
        self._server_key = _mac(salted, b"Server Key")
        self._header = self._nonce = self._said = ""

    def challenge(self, first: str) -> str:
        """
        Raises:
            ValueError: it is malformed, or wants the channel bound, which was not offered.
        """
        flag, authorised, bare = first.split(",", 2)
        if flag not in ("n", "y"):
            raise ValueError("channel binding is not offered")
        self._header = f"{flag},{authorised},"
        theirs = _parts(bare)["r"]
        if not theirs:
            raise ValueError("there is no nonce")
        self._nonce = theirs + secrets.token_urlsafe(18)
        told = f"r={self._nonce},s={base64.b64encode(self._salt).decode()},i={ROUNDS}"
        self._said = f"{bare},{told}"
        return told

    def proof(self, final: str) -> str:
        """What shows the client that the server knows the token, too.

        Raises:
            ValueError: the client does not know it, or its words are malformed.
        """
        without, _, given = final.rpartition(",p=")
        parts = _parts(without)
        header = base64.b64encode(self._header.encode()).decode()
        try:
            shown = base64.b64decode(given, validate=True)
        except binascii.Error as error:
            raise ValueError("the proof is malformed") from error
        message = f"{self._said},{without}".encode()
        signature = _mac(self._stored_key, message)
        key = bytes(one ^ other for one, other in zip(shown, signature, strict=True))
        known = hmac.compare_digest(hashlib.sha256(key).digest(), self._stored_key)
        if not known or parts.get("r") != self._nonce or parts.get("c") != header:
            raise ValueError("the proof is wrong")
        return f"v={base64.b64encode(_mac(self._server_key, message)).decode()}"


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _parts(text: str) -> dict[str, str]:
    found = {name: value for name, _, value in (part.partition("=") for part in text.split(","))}
    return {"r": "", **found}
