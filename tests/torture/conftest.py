"""An archive, a home, and the server that does wrong, for these tests too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.inboxes import START, Epoch, mail, patch
from tests.end_to_end.misbehaving import Misbehaving
from tests.end_to_end.program import Program

MAILS = 400


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all of this folder as torture."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.torture)


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[Misbehaving]:
    """Run the misbehaving server."""
    with Misbehaving() as server, Misbehaving() as other:
        server.other = other
        yield server


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("list") / "list"
    epoch = Epoch(folder)
    for at in range(MAILS):
        if at % 4:
            epoch.add(
                patch(
                    f"[PATCH {at % 4}/3] s{at // 4}: part",
                    mid=f"m{at}",
                    answers=f"m{at - at % 4}",
                    date=START + at,
                )
            )
        else:
            epoch.add(mail(f"[PATCH 0/3] s{at // 4}: all", mid=f"m{at}", date=START + at))
    return folder


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)
