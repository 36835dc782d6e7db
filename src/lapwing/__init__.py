"""Lapwing: one definition of a metric for queries, cached answers and alerts.

`lapwing.connect()` is the Python door (PEP 249); it is loaded when it is first used.
"""

from typing import Any

__version__ = "0.1.0"
apilevel = "2.0"
threadsafety = 2
"""Threads may share the module and connections, not cursors."""
paramstyle = "qmark"

_DOOR = {
    "connect": "connection",
    "Connection": "connection",
    "Cursor": "cursor",
    "Result": "result",
    "Submitted": "submitted",
    **dict.fromkeys(
        (
            "Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError", "IntegrityError",
            "InternalError", "ProgrammingError", "NotSupportedError",
        ),
        "errors",
    ),
    **dict.fromkeys(
        (
            "Date", "Time", "Timestamp", "DateFromTicks", "TimeFromTicks", "TimestampFromTicks", "Binary", "STRING",
            "BINARY", "NUMBER", "DATETIME", "ROWID",
        ),
        "kinds",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _DOOR:
        raise AttributeError(f"module 'lapwing' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"lapwing.python.{_DOOR[name]}"), name)
