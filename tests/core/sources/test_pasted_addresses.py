"""Addresses and Message-IDs as people paste them, from any page, mail or tool."""

from __future__ import annotations

import pytest

from core.errors import TargetError
from core.mail.message import parse_message
from core.search.fuzzy.typed_query import parse_typed_query
from core.sources.message_url import (
    message_id_in,
    message_id_of,
    named_message_id,
    read_url,
    url_in,
)

ID = "20240301.1@example.org"


@pytest.mark.parametrize(
    "pasted",
    [
        ID, f"<{ID}>", f"<{ID}>,", f'"<{ID}>"', f"id:{ID}", f"mid:{ID}", f"news:{ID}",
        f"Message-ID: <{ID}>", f"Message-Id:\t<{ID}>", f"In-Reply-To: <{ID}>",
        "message://%3C20240301.1@example.org%3E", "2024 0301.1@example.org", "<20240301.1@ example.org>",
        f"https://lore.kernel.org/r/{ID}", f"<https://lore.kernel.org/r/{ID}>", f"https://lore.kernel.org/r/{ID}.",
        f"https://lore.kernel.org/r/{ID})", f"Link: https://lore.kernel.org/r/{ID}", f"lore.kernel.org/r/{ID}",
        f"lore.kernel.org/all/{ID}/T/#u", f"https://lore.kernel.org/lkml/?q=mid%3A{ID.replace('@', '%40')}",
        f"https://marc.info/?i={ID}", f"https://inbox.example.org/list/{ID}/",
        f"https://patchwork.kernel.org/project/linux-mm/cover/{ID}/", f"https://patch.msgid.link/{ID}",
    ],
)  # fmt: skip
def test_what_is_pasted_is_that_message(pasted: str) -> None:
    assert message_id_in(pasted) == ID
    assert parse_typed_query(pasted).message_id == ID


@pytest.mark.parametrize(
    ("address", "base", "message_id"),
    [
        ("https://lore.kernel.org/r/abc/def@example.org", "https://lore.kernel.org/all", "abc/def@example.org"),
        ("https://lore.kernel.org/kvm/abc/def@example.org/", "https://lore.kernel.org/kvm", "abc/def@example.org"),
        ("https://lore.kernel.org/all/abc%2Fdef@example.org/", "https://lore.kernel.org/all", "abc/def@example.org"),
        ("https://patch.msgid.link/abc/def@example.org", "", "abc/def@example.org"),
        (f"https://example.org/lore/kvm/{ID}/", "https://example.org/lore/kvm", ID),
        (f"https://patchwork.example.org/project/x/patch/{ID}/mbox/", "", ID),
        (f"https://patchwork.example.org/project/x/cover/{ID}/", "", ID),
    ],
)  # fmt: skip
def test_the_server_and_the_message_of_an_address(address: str, base: str, message_id: str) -> None:
    url = read_url(address)
    assert (url.base, url.message_id) == (base, message_id)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://lists.example.org/archives/list/x@lists.example.org/message/ABC/", "HyperKitty"),
        ("https://lists.example.org/archives/list/x@lists.example.org/thread/ABC/", "HyperKitty"),
        ("https://lists.example.org/archives/list/x@lists.example.org/", "HyperKitty"),
        ("https://patchwork.kernel.org/project/x/list/?series=1", "no Message-ID"),
        ("https://patchwork.kernel.org/comment/25754321/", "no Message-ID"),
        ("https://lore.kernel.org/lkml/?q=s:foo", "no Message-ID"),
    ],
)
def test_an_address_without_a_message_says_so(address: str, says: str) -> None:
    with pytest.raises(TargetError, match=says):
        read_url(address)
    assert message_id_in(address) is None


@pytest.mark.parametrize(
    "text", ["", "a word", "two a@b c@d", "from:ada", "http://", "x://a@b", "@"]
)
def test_what_is_none(text: str) -> None:
    assert message_id_of(text) is None
    assert url_in(text) in {"", text}


@pytest.mark.parametrize(
    "raw", [b"caf\xe9@x", b"caf\xc3\xa9@x", b"\x80\x93\x81@x", "雨@x".encode()]
)
def test_an_id_typed_as_bytes_is_that_of_its_mail(raw: bytes) -> None:
    mail = parse_message(b"Message-ID: <" + raw + b">\nFrom: a@b\nSubject: x\n\n")
    typed = raw.decode("utf-8", "surrogateescape")  # as Python decodes an argument
    assert named_message_id(typed) == mail.message_id
    assert named_message_id(f"<{typed}>") == mail.message_id


def test_no_half_of_a_character_gets_into_an_id() -> None:
    assert named_message_id("a\ud800b@x") == "a?b@x"
