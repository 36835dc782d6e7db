"""A proxy before a server's port: it cuts, hangs and refuses as told."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

_RESET = struct.pack("ii", 1, 0)  # a socket closed so sends RST, as a server's machine does whose process died


class TcpProxy:
    """`accepted` counts connections. `hanging`: nothing that the server says is passed on. `cut_after`: each connection is
    reset once so many bytes of the server's have passed; None: none is."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self.accepted = 0
        self.hanging = False
        self.cut_after: int | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = 0
        self.serve()

    @property
    def serving(self) -> bool:
        return self._listener is not None

    def serve(self) -> None:
        """Listens, at the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen()
        self.port, self._listener = listener.getsockname()[1], listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """Nobody listens any more, and all connections are reset."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
            listener.close()
        self.reset()

    def reset(self) -> None:
        """Ends all connections; new ones are taken."""
        with self._lock:
            for one in self._open:
                _kill(one)
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            try:
                server = socket.create_connection(self._server)
            except OSError:
                _kill(client)
                continue
            with self._lock:
                self._open |= {client, server}
            for source, sink, down in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pass, args=(source, sink, down), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, down: bool) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65_536):
                passed += len(data)
                if down and self.hanging:
                    continue
                if down and self.cut_after is not None and passed > self.cut_after:
                    _kill(source)
                    _kill(sink)
                    return
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _kill(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        one.shutdown(socket.SHUT_RD)
    one.close()


@contextmanager
def proxied(dsn: str) -> Iterator[tuple[TcpProxy, str]]:
    """A proxy before the server of `dsn`, and the DSN by which it is reached."""
    parts = urlsplit(dsn)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = TcpProxy(parts.hostname, parts.port)
    user = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{proxy.port}"))
    finally:
        proxy.refuse()
