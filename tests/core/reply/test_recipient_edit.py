"""Recipients of a draft changed by their numbers."""

from __future__ import annotations

import pytest

from core.errors import PatchdeskError
from core.model import Identity
from core.reply.recipient_edit import edited_recipients
from core.reply.recipients import Recipients

PEOPLE = Recipients(
    to=(Identity("A", "a@x"),),
    cc=(Identity("B", "b@x"), Identity("C", "c@x"), Identity("", "list@x")),
)


@pytest.mark.parametrize(
    ("line", "to", "cc"),
    [
        ("", "a", "b c list"),
        ("-3", "a", "b list"),
        ("-2-4", "a", ""),
        ("-1 to 2", "b", "c list"),
        ("cc 1, to 4", "list", "a b c"),
        ("+d@x", "a", "b c list d"),
        ("+user+tag@x", "a", "b c list user+tag"),
        ("+Dee Doe <d@x> -2", "a", "c list d"),
        ("+B@X", "a", "b c list"),
        ("-2 +b@x", "a", "b c list"),
        ("-2 to 2", "a b", "c list"),
    ],
)
def test_changes(line: str, to: str, cc: str) -> None:
    found = edited_recipients(PEOPLE, line)
    names = [[one.address.partition("@")[0] for one in group] for group in (found.to, found.cc)]
    assert names == [to.split(), cc.split()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-5", "no recipient 5"),
        ("-0", "no recipient 0"),
        ("-3-2", "no recipient 3-2"),
        ("to 9", "no recipient 9"),
        ("3", "no change"),
        ("-2x", "no change"),
        ("+nobody", "no address"),
        ("+a b@x", "no address"),
        ("+x\r\nBcc: y@z", "no address"),
        ("-1-4", "No recipient would be left"),
        ("+" + "a" * 100_000, "no change"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, words: str) -> None:
    with pytest.raises(PatchdeskError, match=words):
        edited_recipients(PEOPLE, line)
