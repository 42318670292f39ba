"""The server that does wrong, for these tests too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.misbehaving import Misbehaving


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Misbehaving]:
    """Serve what no server should."""
    with Misbehaving() as server, Misbehaving() as other:
        server.other = other
        yield server
