"""What becomes of an error of a block, whichever it is: it is told of and goes on, or is kept for who waits elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self


class OnError:
    """Calls `do` with what the block raises (also an interrupt, and the end of a closed generator), which then goes on."""

    __slots__ = ("_do",)

    def __init__(self, do: Callable[[BaseException], object]) -> None:
        self._do = do

    def __enter__(self) -> None:
        """Nothing is wrong yet."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self._do(error)


class Caught:
    """Ends what the block raises, and keeps it in `error`. For the last block of a thread, of which another one asks how it
    went, and of a client's message, which must not end what others do; nowhere else."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self.error = error
        return True
