"""Rows on the wire are read back as what they were; parameters stand in a statement where they were, and it knows where."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from pygwire import BackendMessageDecoder
from pygwire.constants import ConnectionPhase
from pygwire.messages import DataRow

from lapwing.server.postgres import types
from lapwing.server.postgres.binary import numeric
from lapwing.server.postgres.catalog.tables import Shown
from lapwing.server.postgres.dialect import edits
from lapwing.server.postgres.parameters import Values, filled
from lapwing.server.postgres.rows import data_rows
from lapwing.sql.text import apply

ROW = st.tuples(
    st.none() | st.text(max_size=20), st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.booleans()
)


@given(rows=st.lists(ROW, max_size=20), skipped=st.integers(0, 3), binary=st.booleans())
def test_rows_are_read_back(rows: list[tuple[str | None, int | None, bool | None]], skipped: int, binary: bool) -> None:
    kinds = (pa.string(), pa.int64(), pa.bool_())
    columns = [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(kinds)]
    batch = pa.record_batch(columns, names=["a", "b", "c"]).slice(skipped)
    decoder = BackendMessageDecoder()
    decoder.phase = ConnectionPhase.SIMPLE_QUERY
    decoder.feed(data_rows(batch, [int(binary)]))
    read = [message.columns for message in decoder if isinstance(message, DataRow)]
    assert read == [[_text(a), _number(b, binary), _truth(c, binary)] for a, b, c in rows[skipped:]]


def _text(value: str | None) -> bytes | None:
    return None if value is None else value.encode()


def _number(value: int | None, binary: bool) -> bytes | None:
    return None if value is None else value.to_bytes(8, "big", signed=True) if binary else str(value).encode()


def _truth(value: bool | None, binary: bool) -> bytes | None:
    return None if value is None else bytes([value]) if binary else b"t" if value else b"f"


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_a_decimal_in_binary_form_is_the_same_as_a_parameter(value: Decimal) -> None:
    (literal,) = Values([types.NUMERIC.oid], [1], [numeric(value)]).literals(plain=True)
    assert Decimal(literal) == value


def test_schemas_of_a_source_are_parted_and_places_kept() -> None:
    text = 'select $1, "shop.sales"."orders".nope from "shop.sales"."orders"'
    seen = [Shown("shop.sales", "orders", (), None, "")]
    found = apply(text, tuple(edits(text, seen) + filled(text, ["'ü'"])))
    assert found.text == """select 'ü', "shop"."sales"."orders".nope from "shop"."sales"."orders\""""
    nope = found.text.encode().index(b"nope")
    assert found.place(nope).column == text.index("nope") + 1
