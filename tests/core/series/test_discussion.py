"""A discussion in one scroll: each reply in its order, and the fate of its quotes."""

from __future__ import annotations

import time

import pytest

from core.mail.message import parse_mail
from core.model import OpenedMessage
from core.series.discussion import first_words, lay_out_discussion
from core.series.review_comments import ReplyInThread


def mail(name: str, text: str) -> OpenedMessage:
    head = f"From: Ann <ann@example.org>\nSubject: water\nMessage-ID: <{name}@x>\n"
    return parse_mail(f"{head}\n{text}".encode())


ROOT = mail(
    "root", "The table says 14:42 for today, and the water\nsays nothing at all. Who is right?\n"
)


def told(*texts: str) -> list[tuple[str, ...]]:
    """Return the lines of replies, each of which answers the one before."""
    answers = [ReplyInThread(mail(f"r{at}", text), at) for at, text in enumerate(texts)]
    found = lay_out_discussion(ROOT, answers)
    assert [one.depth for one in found] == list(range(len(texts)))
    assert [one.message.message_id for one in found] == [f"r{at}@x" for at in range(len(texts))]
    return [one.lines for one in found]


def test_a_quote_of_what_was_just_read_is_one_line_however_it_is_wrapped() -> None:
    (first, second) = told(
        "On Monday Ann wrote:\n> The table says 14:42 for today,\n> and the water says nothing\n> at all.\n\nBoth.\n--\nBo\n",
        ">> The table says 14:42 for today, and the\n>> water says nothing at all.\n>\n> Both.\n\nHow?\n",
    )
    assert first == ("> “The table says 14:42 for today,” (3 quoted lines)", "Both.")
    assert second == (
        "> > “The table says 14:42 for today, and the” (2 quoted lines)",
        "> Both.",
        "How?",
    )


def test_a_folded_quote_has_its_lines() -> None:
    answer = mail("r", "Hi,\n\n> The table says 14:42\n> for today, and the water\n\nBoth.\n")
    (reply,) = lay_out_discussion(ROOT, [ReplyInThread(answer, 0)])
    (quote,) = reply.folded
    assert reply.lines[quote.line].startswith("> “The table says 14:42”")
    assert quote.quoted == ("> The table says 14:42", "> for today, and the water")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("> a\n\nHi Bo,\n\nWho is\nright?\n", "Who is right?"),
        ("Hello there\n", "Hello there"),
        ("Hi,\n\n> a\n\nYes.\n", "Yes."),
        ("Am Montag schrieb Bo:\n> a\n\nDas Wasser.\n-- \nAnn\n", "Das Wasser."),
        ("> a\n", ""),
        ("", ""),
    ],
)
def test_first_words(text: str, words: str) -> None:
    assert first_words(text) == words


def test_a_quote_from_elsewhere_and_a_short_one_stay() -> None:
    (lines,) = told(
        "> Quite another text that nobody here\n> has ever read before.\n\nNo.\n\n> 14:42\n\nYes.\n"
    )
    assert lines == (
        "> Quite another text that nobody here", "> has ever read before.", "No.", "", "> 14:42", "Yes.",
    )  # fmt: skip


def test_a_reply_without_a_text_of_its_own_says_so() -> None:
    assert told("> The table says 14:42 for today, and the water\n") == [("(no text of its own)",)]


def test_it_is_linear() -> None:
    def cost(lines: int) -> float:
        text = "".join(f"> word {n} of {n} and {n}\n" for n in range(lines)) + "\nYes.\n"
        begin = time.process_time()
        told(text, text)
        return time.process_time() - begin

    small = cost(2_000)
    assert cost(16_000) < 24 * max(small, 0.005)
