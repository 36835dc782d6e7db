"""What went wrong on the way to a server that is asked over HTTP, in words. Clients wrap it in errors of their own and of
urllib3, whose texts are about pools, retries and addresses of objects."""

from __future__ import annotations

from collections.abc import Iterator


def underway(error: BaseException) -> str | None:
    """Why a request had no answer, or not all of it, as the second half of a sentence; None where it was no matter of the way."""
    from urllib3 import exceptions as failed

    chain = tuple(_chain(error))
    for one in chain:
        if isinstance(one, failed.NameResolutionError):
            return f"no machine is called {one.conn.host}"
        if isinstance(one, failed.NewConnectionError):
            why = _system(chain) or str(one).rpartition("] ")[2]
            return f"there is no way to {one.conn.host}:{one.conn.port} ({why[:1].lower()}{why[1:]})"
        if isinstance(one, failed.ConnectTimeoutError):
            return "nobody took the connection in time"
        if isinstance(one, failed.ReadTimeoutError):
            return "nothing came for too long"
        if isinstance(one, failed.SSLError):
            return f"the encryption was refused ({one.args[0]})"
    if any(isinstance(one, failed.ProtocolError) for one in chain):
        return f"the connection broke ({_system(chain) or 'it was closed amid an answer'})"
    return None


def _system(chain: tuple[BaseException, ...]) -> str | None:
    """The operating system's word for it."""
    words = (one.strerror for one in chain if isinstance(one, OSError) and one.strerror)
    found = next(words, None)
    return None if found is None else f"{found[:1].lower()}{found[1:]}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it came of, the outermost first."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        of = (getattr(one, "reason", None), *one.args, one.__cause__, one.__context__)
        waiting += [cause for cause in of if isinstance(cause, BaseException)]
