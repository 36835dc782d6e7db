"""Many requests as no client should send them."""

from __future__ import annotations

import pytest
from tests.server.mangled import run
from tests.shop import Server


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_hundred_thousand_mangled_requests(server: Server, seed: int) -> None:
    run(server, seed, 10_000)
