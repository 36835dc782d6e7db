"""The beginning of a connection: encryption, who asks, and the token."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass

from pygwire.constants import ConnectionPhase, StartupRequestCode
from pygwire.messages import (
    AuthenticationOk,
    AuthenticationSASL,
    AuthenticationSASLContinue,
    AuthenticationSASLFinal,
    CancelRequest,
    GSSEncRequest,
    NegotiateProtocolVersion,
    PGMessage,
    SASLInitialResponse,
    SASLResponse,
    SSLRequest,
    StartupMessage,
)

from lapwing.model.problem import LapwingError, Refused
from lapwing.server.postgres.scram import Scram
from lapwing.server.postgres.wire import Wire

SECONDS = 20.0
"""A client that has not come in by then is let go, however busily it sends."""
SCRAM = "SCRAM-SHA-256"


@dataclass(frozen=True, slots=True)
class Login:
    """How clients may come in: with the `token`, where there is one, and encrypted by `tls`, where there is a certificate;
    `seconds` from the first message to the last."""

    token: str | None = None
    tls: ssl.SSLContext | None = None
    seconds: float = SECONDS

    def begin(self, wire: Wire) -> StartupMessage | CancelRequest:
        """Settles encryption until the client says what it wants.

        Raises:
            Left, WrongUse: as `Wire.read`.
        """
        wire.until = time.monotonic() + self.seconds
        while True:
            asked = wire.read(ConnectionPhase.STARTUP)
            if isinstance(asked, SSLRequest) and self.tls is not None and not wire.secure:
                wire.write(b"S")
                wire.flush()
                wire.encrypt(self.tls)
            elif isinstance(asked, SSLRequest | GSSEncRequest):
                wire.write(b"N")
                wire.flush()
            elif isinstance(asked, StartupMessage | CancelRequest):
                return asked

    def check(self, wire: Wire, asked: StartupMessage) -> None:
        """Lets the client in, if it knows the token; by SCRAM, so that the token itself is not sent.

        Raises:
            Left, WrongUse: as `Wire.read`. Refused: it does not.
        """
        unknown = [name for name in asked.params if name.startswith("_pq_.")]
        if unknown or asked.protocol_version != StartupRequestCode.V3_0:
            wire.write(NegotiateProtocolVersion(StartupRequestCode.V3_0, unknown))
        if self.token is not None:
            self._scram(wire, self.token)
        wire.until = None
        wire.write(AuthenticationOk())

    def _scram(self, wire: Wire, token: str) -> None:
        scram = Scram(token)
        try:
            first = self._ask(wire, AuthenticationSASL([SCRAM]), ConnectionPhase.AUTHENTICATING_SASL_INITIAL)
            if not isinstance(first, SASLInitialResponse) or first.mechanism != SCRAM:
                raise _refused()
            challenge = AuthenticationSASLContinue(scram.challenge(first.data.decode()).encode())
            last = self._ask(wire, challenge, ConnectionPhase.AUTHENTICATING_SASL_CONTINUE)
            if not isinstance(last, SASLResponse):
                raise _refused()
            wire.write(AuthenticationSASLFinal(scram.proof(last.data.decode()).encode()))
        except ValueError as error:
            raise _refused() from error

    def _ask(self, wire: Wire, question: PGMessage, phase: ConnectionPhase) -> PGMessage:
        wire.write(question)
        wire.flush()
        return wire.read(phase)


def _refused() -> LapwingError:
    hint = "The password is the server's token; any user name will do."
    return Refused.of("token-needed", "This server asks for its token.", hint=hint)
