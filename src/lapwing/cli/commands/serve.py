"""lapwing serve: the pages and the HTTP API."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from lapwing.cli.project import find

HELP = "serve the pages and the HTTP API"
DESCRIPTION = """Serves until Ctrl-C, to this machine only unless --host says otherwise; then a token is needed. Meanwhile rollups
with a promise (`freshness` in the model) are kept as fresh as they promise.

  lapwing -p examples/flights serve --open
  lapwing serve --host 0.0.0.0 --token "$(openssl rand -hex 16)" """


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="HOST", help="the address to listen on (default 127.0.0.1)"
    )
    parser.add_argument("--port", type=port, default=8600, metavar="PORT", help="default 8600")
    parser.add_argument("--token", metavar="SECRET", help="what clients must send (default: LAPWING_TOKEN, if set)")
    parser.add_argument("--no-refresh", action="store_true", help="leave it to others to keep rollups fresh")
    parser.add_argument(
        "--audit-seconds",
        type=audit_seconds,
        default=2.0,
        metavar="N",
        help="seconds of each minute in which rollups are compared with their sources (default 2; 0: never)",
    )
    parser.add_argument(
        "--postgres", type=port, metavar="PORT", help="answer clients of PostgreSQL (psql, BI tools) at this port, too"
    )
    parser.add_argument("--postgres-certificate", type=Path, metavar="FILE", help="lets them encrypt; a PEM file")
    parser.add_argument("--postgres-key", type=Path, metavar="FILE", help="the key of that certificate; a PEM file")
    parser.add_argument("--flight", type=port, metavar="PORT", help="answer clients of Arrow Flight SQL (ADBC), too")
    parser.add_argument("--open", action="store_true", help="open the pages in a browser")


def port(text: str) -> int:
    """A port as a number; whether there is such a port is the server's affair."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ArgumentTypeError(f"{text!r} is not a port; take one from 1 to 65535")
    return int(text)


def audit_seconds(text: str) -> float:
    """Seconds of a minute."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 60:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 60")
    return seconds


def run(options: Namespace) -> int:
    from lapwing.server.serve import serve
    from lapwing.server.settings import Settings

    token = options.token or os.environ.get("LAPWING_TOKEN") or None
    settings = Settings(
        root=find(options),
        host=options.host,
        port=options.port,
        token=token,
        refresh=not options.no_refresh,
        audit_seconds=options.audit_seconds,
        postgres=options.postgres,
        flight=options.flight,
        postgres_certificate=options.postgres_certificate,
        postgres_key=options.postgres_key,
    )
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    address = f"http://{host}:{settings.port}"

    def started() -> None:
        if options.json:
            doors = {"postgres": settings.postgres, "flight": settings.flight}
            print(json.dumps({"listening": address, **{name: port for name, port in doors.items() if port}}))
            sys.stdout.flush()
        else:
            more = " Open it once with ?token=…" if token else ""
            print(f"Lapwing is at {address} (Ctrl-C ends it).{more}", flush=True)
            if settings.postgres:
                print(f"Clients of PostgreSQL: psql -h {host.strip('[]')} -p {settings.postgres}", flush=True)
            if settings.flight:
                encrypted = "+tls" if settings.postgres_certificate else ""
                print(f"Clients of Arrow Flight SQL: grpc{encrypted}://{host}:{settings.flight}", flush=True)
        if options.open:
            import webbrowser

            webbrowser.open(f"{address}/?token={token}" if token else address)

    serve(settings, started)
    if not options.json:
        print("Ended.", file=sys.stderr)
    return 0
