"""How one server is started."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from lapwing.model.problem import WrongUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`token` is never shown. `background`: replay alerts while serving. `refresh`: keep rollups as fresh as they promise.
    `audit_seconds`: how many seconds of each minute the rollups are compared with their sources; 0: never."""

    root: Path
    host: str = "127.0.0.1"
    port: int = 8600
    token: str | None = field(default=None, repr=False)
    background: bool = True
    refresh: bool = True
    audit_seconds: float = 2.0

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    def check(self) -> None:
        """
        Raises:
            WrongUse: it would listen to others without a token, or on no port.
        """
        if not 0 < self.port < 65_536:
            raise WrongUse.of("bad-port", f"{self.port} is not a port.", hint="Take one from 1 to 65535.")
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
