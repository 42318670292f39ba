"""JSON for scripts: the decoded original, with nothing in it that a terminal would obey."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.json_records import mail_record, thread_record, to_line
from core.mail.message import parse_mail
from core.model import Thread
from core.series.grouping import group_messages


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;x\x07",
        "\x9b",
        "\u202e",
        "\u2028",
        "\udc80",
        "\u200b",
        "\U000e0041",
        "\x7f",
        "\ufeff",
    ],
)
def test_active_characters_are_escaped(text: str) -> None:
    line = to_line({"subject": f"a{text}b"})
    assert text not in line
    assert "\\u" in line
    assert json.loads(line) == {"subject": f"a{text}b"}


def test_every_character_of_an_active_category_is_escaped() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(char := chr(code)) in {"Cc", "Cf", "Zl", "Zp", "Cs"}:
            assert char not in to_line({"t": char}), hex(code)


def test_letters_stay_readable() -> None:
    assert to_line({"name": "Krčmář 山田"}) == '{"name": "Krčmář 山田"}'


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    line = to_line({"t": text})
    assert json.loads(line) == {"t": text}
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp", "Cs"} for char in line)


@pytest.mark.parametrize(
    ("headers", "date"),
    [
        ("Date: Mon, 2 Jun 2025 12:00:00 +0200", "2025-06-02T12:00:00+02:00"),
        ("Date: soon\nReceived: by x; Mon, 2 Jun 2025 12:00:00 +0000", "2025-06-02T12:00:00+00:00"),
        ("Date: soon", None),
        ("X-Other: y", None),
    ],
)
def test_a_date_that_nobody_can_read_is_null(headers: str, date: str | None) -> None:
    raw = f"From: a@x\nMessage-ID: <m@x>\nSubject: [PATCH] s\n{headers}\n\nHello.\n"
    mail = parse_mail(raw.encode())
    assert mail_record(mail, (), ())["date"] == date
    (item,) = group_messages([mail.message])
    assert isinstance(item, Thread)
    assert thread_record(item)["date"] == date
