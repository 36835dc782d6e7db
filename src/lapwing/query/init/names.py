"""Names for what the data calls otherwise, and columns as SQL."""

from __future__ import annotations

import re
import unicodedata

from lapwing.model.checks.names import RESERVED_SOURCES

_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*\Z")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d"})
_RESERVED = """
    all and any as asc between by case cast check column cross default desc distinct else end except exists false
    from full group having in inner intersect interval into is join lateral left like limit natural not null offset
    on only or order outer references right select set some table then to true union unique user using values when
    where window with
"""
SQL_WORDS = frozenset(_RESERVED.split())


def plain_name(text: str, otherwise: str = "data") -> str:
    """A valid name like `text`; `otherwise` where none of its letters is Latin.

    >>> plain_name("Unit Price (EUR)"), plain_name("orderedAt"), plain_name("Größe"), plain_name("2013")
    ('unit_price_eur', 'ordered_at', 'grosse', '_2013')
    """
    latin = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", latin)
    name = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").lower() or otherwise
    return f"_{name}" if name[0].isdigit() else name


def source_name(text: str) -> str:
    """A name for a source, made of `text`, that needs no quotes in SQL."""
    name = plain_name(text)
    return f"{name}_data" if name in RESERVED_SOURCES or name in SQL_WORDS else name


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def expression(column: str) -> str:
    """A column as SQL, quoted only where it must be."""
    return column if _SIMPLE.match(column) and column not in SQL_WORDS else quoted(column)
