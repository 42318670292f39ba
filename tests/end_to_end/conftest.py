"""Servers for the end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.letters import INBOXES
from tests.end_to_end.misbehaving import Misbehaving
from tests.end_to_end.server import Server, need_public_inbox


@pytest.fixture(scope="session")
def inboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve `letters.INBOXES` by the real public-inbox."""
    need_public_inbox()
    with Server(tmp_path_factory.mktemp("public-inbox") / "site", INBOXES) as server:
        yield server


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Misbehaving]:
    """Run the misbehaving server."""
    with Misbehaving() as server, Misbehaving() as other:
        server.other = other
        yield server
