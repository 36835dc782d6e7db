"""One client's socket as messages: read one by one within bounds, written in large pieces."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from contextlib import suppress

from pygwire import FrontendMessageDecoder
from pygwire.constants import ConnectionPhase
from pygwire.exceptions import PygwireError
from pygwire.messages import PGMessage

from lapwing.model.problem import LapwingError, WrongUse

LARGEST_START = 10_000
LARGEST = 16 * 2**20
"""Bytes of a message, before and after a client has said who it is."""
SEND_SECONDS = 120.0
"""A client that takes none of its rows for so long is let go."""
_PIECE = 256 * 1024


class Left(Exception):
    """The client has gone, or does not take what it is sent."""


class Wire:
    """Use it from one thread. `secure` is whether bytes are encrypted; `until` is the moment of `time.monotonic` to which
    messages are waited for, None: as long as it takes."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._in = bytearray()
        self._out: list[bytes] = []
        self._waiting = 0
        self._decoder = FrontendMessageDecoder()
        self._deaf = False
        self.secure = False
        self.until: float | None = None

    def fileno(self) -> int:
        return self._link.fileno()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Goes on in TLS.

        Raises:
            Left: the client does not. WrongUse: it sent more before that was settled, which someone between may have done.
        """
        if self._in:
            raise _broken("There is more after the request for encryption.")
        try:
            self._link.settimeout(self._left())
            self._link = context.wrap_socket(self._link, server_side=True)
        except (OSError, ValueError) as error:
            raise Left from error
        self.secure = True

    def read(self, phase: ConnectionPhase) -> PGMessage:
        """The next message.

        Raises:
            Left: the client has gone, or it is too late. WrongUse: this is no message, or is too long.
        """
        if self._deaf:
            raise Left
        self._decoder.phase = phase
        starting = phase is ConnectionPhase.STARTUP
        head = 4 if starting else 5
        self._fill(head)
        (length,) = struct.unpack_from("!I", self._in, head - 4)
        largest = LARGEST if phase is ConnectionPhase.READY else LARGEST_START
        if length < (8 if starting else 4) or length > largest:
            raise WrongUse.of("protocol", f"A message of {length:,} bytes; at most {largest:,} are read.")
        size = length + head - 4
        self._fill(size)
        frame = bytes(self._in[:size])
        del self._in[:size]
        self._decoder.clear()
        self._decoder.feed(frame)
        try:
            found = next(self._decoder, None)
        except (PygwireError, struct.error, ValueError, IndexError) as error:
            raise _broken(f"{error}.") from error
        if found is None:
            raise _broken("The message is cut.")
        return found

    def _left(self) -> float | None:
        """Seconds that are left, of one message or of all.

        Raises:
            TimeoutError: none.
        """
        if self.until is None:
            return None
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _fill(self, size: int) -> None:
        while len(self._in) < size:
            try:
                self._link.settimeout(self._left())
                data = self._link.recv(max(65_536, min(size - len(self._in), 2**20)))
            except (OSError, ValueError) as error:
                raise Left from error
            if not data:
                raise Left
            self._in += data

    def write(self, *messages: PGMessage | bytes) -> None:
        """Puts messages (or the bytes of some) in line; many are sent at once.

        Raises:
            Left: the client does not take them.
        """
        for message in messages:
            data = message if isinstance(message, bytes) else message.to_wire()
            self._out.append(data)
            self._waiting += len(data)
        if self._waiting >= _PIECE:
            self.flush()

    def flush(self) -> None:
        """Sends what is in line, however slowly the client takes it; that is what holds a statement back.

        Raises:
            Left: the client does not take it.
        """
        data, self._out, self._waiting = b"".join(self._out), [], 0
        try:
            self._link.settimeout(SEND_SECONDS)
            for start in range(0, len(data), _PIECE):
                self._link.sendall(memoryview(data)[start : start + _PIECE])
        except (OSError, ValueError) as error:
            raise Left from error

    def listen_no_more(self) -> None:
        """From another thread; whoever reads gets `Left`, and may still write."""
        self._deaf = True  # what comes after the shutdown would still be read
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RD)

    def hang_up(self) -> None:
        """Ends the connection from another thread; whoever reads or writes gets `Left`."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._link.close()


def _broken(says: str) -> LapwingError:
    return WrongUse.of("protocol", f"The message can't be read: {says}")
