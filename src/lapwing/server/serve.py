"""Serves until it is told to stop: granian inside this process."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from anyio import to_thread
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from lapwing.model.problem import Conflict, LapwingError, WrongUse
from lapwing.server.app import make_app
from lapwing.server.auditing import Auditing
from lapwing.server.background import Background
from lapwing.server.delivering import Delivering
from lapwing.server.ending import Ending
from lapwing.server.services import Services
from lapwing.server.settings import Settings

if TYPE_CHECKING:
    from lapwing.server.flight.door import FlightDoor
    from lapwing.server.postgres.door import PostgresDoor

THREADS = 16
"""How many requests may wait for the engine or the store at once."""


def serve(settings: Settings, started: Callable[[], None]) -> None:
    """Serves the project; `started` is called when requests are answered. Returns after SIGINT or SIGTERM;
    what nothing breaks off is then left, with the process (`ending`).

    Raises:
        Conflict: the port is in use.
        WrongUse: the host is not one of this machine, or a token is needed.
        ModelError: the project's files are wrong.
    """
    settings.check()
    tls = certificate(settings)
    look_at_port(settings, settings.port, "--port")
    if settings.postgres is not None:
        look_at_port(settings, settings.postgres, "--postgres")
    if settings.flight is not None:
        look_at_port(settings, settings.flight, "--flight")
    _configure_log()
    services = Services.open(settings)
    background = Background(services) if settings.background else None
    delivering = Delivering(services)
    auditing = Auditing(services)
    try:
        asyncio.run(_serve(services, background, delivering, auditing, started, tls))
    finally:
        services.queries.cancel_all()
        services.refresher.stop()
        if background:
            background.stop()
        delivering.stop()
        auditing.stop()
        services.close()


def _configure_log() -> None:
    """Lines on stderr; traces without the values of variables, which may be secrets."""
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def look_at_port(settings: Settings, port: int, flag: str) -> None:
    """
    Raises:
        Conflict: something listens there already. WrongUse: it can't be listened at.
    """
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict.of(
                "port-in-use",
                f"Something listens on {settings.host}:{port} already.",
                hint=f"Stop it, or take another port: lapwing serve {flag} {port + 1}",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            says = f"This user may not listen on port {port}."
            raise LapwingError.of("port-forbidden", says, hint="Take a port above 1023.") from error
        says = f"{settings.host} is not an address of this machine."
        raise WrongUse.of("bad-host", says, hint="Take 127.0.0.1, or 0.0.0.0 with a token.") from error


async def _serve(
    services: Services,
    background: Background | None,
    delivering: Delivering,
    auditing: Auditing,
    started: Callable[[], None],
    tls: ssl.SSLContext | None,
) -> None:
    settings = services.settings
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    server = Server(
        make_app(services),
        address=settings.host.strip("[]"),
        port=settings.port,
        interface=Interfaces.ASGINL,  # nothing to do at start and end: the project is opened around it
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    ending = Ending(services.queries, server.stop)
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, ending.begin)
    flight = _flight(services, loop)
    serving = asyncio.create_task(server.serve())
    door = _postgres(services, loop, tls)
    if await _answers(settings, serving):
        if background:
            background.start()
        if not services.lapwing.project.store.read_only:  # else others keep it fresh, audit it, and tell people
            if settings.refresh:
                services.refresher.start()
            if background:
                delivering.start()
            auditing.start()
        if door:
            door.start()
        started()
    await serving
    if flight:
        await to_thread.run_sync(flight.shutdown)
    if door:
        door.stop()


def _postgres(services: Services, loop: asyncio.AbstractEventLoop, tls: ssl.SSLContext | None) -> PostgresDoor | None:
    """The door for clients of PostgreSQL, where one is wanted."""
    settings = services.settings
    if settings.postgres is None:
        return None
    from lapwing.server.postgres.desk import Desk
    from lapwing.server.postgres.door import PostgresDoor
    from lapwing.server.turns import Turns

    desk = Desk(services.lapwing, services.queries, Turns(services.statements, loop))
    return PostgresDoor(desk, host=settings.host, port=settings.postgres, token=settings.token, tls=tls)


def _flight(services: Services, loop: asyncio.AbstractEventLoop) -> FlightDoor | None:
    """The door for clients of Flight SQL, where one is wanted; it listens at once."""
    settings = services.settings
    if settings.flight is None:
        return None
    from lapwing.server.flight.door import FlightDoor
    from lapwing.server.turns import Turns

    files = (settings.postgres_certificate, settings.postgres_key)
    pair = None if files[0] is None or files[1] is None else (files[0].read_bytes(), files[1].read_bytes())
    turns = Turns(services.statements, loop)
    return FlightDoor(
        services.lapwing,
        services.queries,
        turns,
        host=settings.host,
        port=settings.flight,
        token=settings.token,
        certificate=pair,
    )


def certificate(settings: Settings) -> ssl.SSLContext | None:
    """What encrypts the connections of clients of PostgreSQL; None without a certificate.

    Raises:
        WrongUse: the files can't be read, or are no certificate and its key.
    """
    if settings.postgres_certificate is None or settings.postgres_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.postgres_certificate, settings.postgres_key)
    except (OSError, ssl.SSLError) as error:
        says = f"{settings.postgres_certificate} and {settings.postgres_key} are no certificate with its key: {error}."
        raise WrongUse.of("bad-certificate", says, hint="Both are files in PEM form.") from error
    return context


async def _answers(settings: Settings, serving: asyncio.Task[None]) -> bool:
    """Waits until the port is listened at; False when serving ended before."""
    host = settings.host.strip("[]")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - looked at, not listened on
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, settings.port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return True
    return False
