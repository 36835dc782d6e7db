"""Addresses of servers."""

from __future__ import annotations

import pytest

from lapwing.model.problem import LapwingError
from lapwing.sources.address import AddressForm

FORM = AddressForm(of="Thing", options=("ssl-mode", "role"), example="thing://user:${PASSWORD}@host/database")


def test_all_of_an_address() -> None:
    found = FORM.read("thing://a%40b:p%2Fw@host:12/da%20ta/sche%2Fma?SSL_MODE=x&role=r%26r")
    assert (found.host, found.port, found.user, found.password) == ("host", 12, "a@b", "p/w")
    assert found.path == ("da ta", "sche/ma")
    assert found.options == {"ssl-mode": "x", "role": "r&r"}
    assert "p/w" not in repr(found)


def test_what_an_address_leaves_out_is_none() -> None:
    found = FORM.read("thing://host")
    assert (found.port, found.user, found.password, found.path, found.options) == (None, None, None, (), {})


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("thing://u:hush@h:p/d", "its port or host is none"),
        ("thing://u:hush@[h/d", "its port or host is none"),
        ("thing://u:hush@h/d?rol=x", "rol is no option"),
    ],
)
def test_a_wrong_address_is_told_without_its_secrets(dsn: str, says: str) -> None:
    with pytest.raises(LapwingError) as caught:
        FORM.read(dsn)
    problem = caught.value.problems[0]
    assert problem.code == "bad-dsn"
    assert says in problem.message
    assert "hush" not in str(caught.value)
    assert problem.hint is not None
    assert "thing://user:${PASSWORD}@host/database" in problem.hint
