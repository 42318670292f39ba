"""Replies of bots are taken out, and answers to them move up."""

from __future__ import annotations

import pytest

from core.model import Identity, Thread
from core.series.bot_messages import without_bot_replies
from core.series.identities import KNOWN_BOTS, NO_BOTS, Bots
from tests.core.series.threads import mail, only

LKP = Identity("kernel test robot", "lkp@intel.example")


@pytest.mark.parametrize(
    ("name", "address", "is_bot"),
    [
        ("kernel test robot", "lkp@intel.com", True),
        ("syzbot", "syzbot+0a1b@syzkaller.appspotmail.com", True),
        ("", "patchwork-bot+netdevbpf@kernel.org", True),
        ("", "bot+bpf-ci@kernel.org", True),
        ("Patchew", "no-reply@patchew.org", True),
        ("Ada Talbot", "ada.talbot@example.com", False),
        ("Bot Ler", "botler@example.com", False),
    ],
)
def test_known_bots(name: str, address: str, is_bot: bool) -> None:
    assert (Identity(name, address) in Bots(KNOWN_BOTS)) is is_bot


def test_answers_to_a_bot_move_up_and_nothing_else_changes() -> None:
    series = only([
        mail("p1", "[PATCH 1/1] lamp"),
        mail("r1", "Re: [PATCH 1/1] lamp", "p1", at=1, diff=False),
        mail("b1", "Re: [PATCH 1/1] lamp", "p1", "r1", at=2, diff=False, sender=LKP),
        mail("r2", "Re: [PATCH 1/1] lamp", "p1", "r1", "b1", at=3, diff=False),
        mail("r3", "Re: [PATCH 1/1] lamp", "p1", "r1", "b1", "r2", at=4, diff=False),
        mail("r4", "Re: [PATCH 1/1] lamp", "p1", at=5, diff=False),
    ])  # fmt: skip
    assert without_bot_replies(series, NO_BOTS) is series
    found = without_bot_replies(series, Bots(KNOWN_BOTS))
    assert not isinstance(found, Thread)
    replies = found.versions[0].patches[0].replies
    assert [(one.message.message_id.partition("@")[0], one.depth) for one in replies] == [
        ("r1", 0), ("r2", 1), ("r3", 2), ("r4", 0),
    ]  # fmt: skip
