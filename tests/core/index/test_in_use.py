"""What is used is not closed under its users."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from core.errors import Cancelled
from core.index import in_use
from core.index.in_use import InUse


def test_closing_waits_for_those_who_began_and_lets_nobody_begin() -> None:
    uses = InUse()
    began, go_on, ended = Event(), Event(), Event()

    def use() -> None:
        with uses:
            began.set()
            go_on.wait(5)
            ended.set()

    user = Thread(target=use)
    user.start()
    began.wait(5)
    closed: list[bool] = []
    closer = Thread(target=lambda: closed.append(uses.close()))
    closer.start()
    closer.join(0.05)
    assert closed == []
    with pytest.raises(Cancelled), uses:
        pass
    go_on.set()
    closer.join(5)
    user.join(5)
    assert ended.is_set()
    assert closed == [True]


def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_use, "_PATIENCE", 0.05)
    uses = InUse()
    with uses:
        assert not uses.close()
    assert uses.close()
