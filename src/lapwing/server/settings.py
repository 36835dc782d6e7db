"""How one server is started."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from lapwing.model.problem import WrongUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`token` is never shown. `background`: replay alerts while serving. `refresh`: keep rollups as fresh as they promise.
    `audit_seconds`: how many seconds of each minute the rollups are compared with their sources; 0: never. `postgres`: the
    port at which clients of PostgreSQL are answered, too (None: they are not); `postgres_certificate` and `postgres_key`
    are the files (PEM) by which they may encrypt. `flight`: the same
    for clients of Arrow Flight SQL, which then encrypt, too."""

    root: Path
    host: str = "127.0.0.1"
    port: int = 8600
    token: str | None = field(default=None, repr=False)
    background: bool = True
    refresh: bool = True
    audit_seconds: float = 2.0
    postgres: int | None = None
    flight: int | None = None
    postgres_certificate: Path | None = None
    postgres_key: Path | None = None

    @property
    def ports(self) -> tuple[int, ...]:
        """All that are listened at."""
        return tuple(port for port in (self.port, self.postgres, self.flight) if port is not None)

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    def check(self) -> None:
        """
        Raises:
            WrongUse: it would listen to others without a token, or on no port.
        """
        for port in self.ports:
            if not 0 < port < 65_536:
                raise WrongUse.of("bad-port", f"{port} is not a port.", hint="Take one from 1 to 65535.")
        if len(set(self.ports)) < len(self.ports):
            raise WrongUse.of("bad-port", f"Both doors would listen on {self.port}.", hint="Take two ports.")
        if (self.postgres_certificate is None) != (self.postgres_key is None):
            hint = "Name the certificate and its key: --postgres-certificate FILE --postgres-key FILE"
            raise WrongUse.of("half-certificate", "A certificate needs its key, and a key its certificate.", hint=hint)
        if self.token is not None and len(self.token) < 8:
            raise WrongUse.of("weak-token", "The token is shorter than 8 characters.", hint="Take a long random one.")
        if not self.loopback and self.token is None:
            raise WrongUse.of(
                "token-needed",
                f"Listening on {self.host} opens this project to other machines, so it needs a token.",
                hint="Add --token SECRET (or set LAPWING_TOKEN), or leave --host out to serve this machine only.",
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
