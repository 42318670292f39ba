"""`git mailinfo` as the judge: our commit message and patch are its, or a named rule says why not.

Whole texts are compared: git's message file and patch file. Where ours differ, the first rule of `RULES` whose
condition holds must explain it; a difference that no rule explains fails the test.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from core.mail.body import find_patch, read_in_body_headers
from core.mail.message import parse_mail, parse_message
from core.mail.subject import parse_subject
from core.model import OpenedMessage
from tests.core.shared_mails import git, kvm_ppc, shared, split_mbox

PATCHES = 2000
ALLOWED = 2
"""Of those, how many a rule may have to explain: one in a thousand."""


@dataclass(frozen=True)
class Judged:
    """A mail as it came, as git divides it and as we do."""

    raw: bytes
    message: str
    patch: str
    mail: OpenedMessage

    @property
    def ours(self) -> tuple[str, str]:
        """Our commit message, and all that comes after it, as git has it."""
        text = self.mail.text
        start = 0 if self.mail.message.subject.is_reply else read_in_body_headers(text)[1]
        found = find_patch(text, start)
        return self.mail.body.message, text[found[0] :] if found else ""

    @property
    def git(self) -> tuple[str, str]:
        return self.message, self.patch


def only_ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode("ascii")


def in_body_headers_of_a_reply(case: Judged) -> bool:
    """Headers pasted into a reply are not its author's, so they stay in the text, where git removes them."""
    return case.mail.message.subject.is_reply and case.ours[0].endswith(case.message)


def pasted_from_line(case: Judged) -> bool:
    """A `From <sha> Mon Sep 17` line without `>`: git takes it and the headers after it for the commit message."""
    return case.mail.text.startswith("From ") and case.message.endswith(case.ours[0])


def parts_that_are_no_text(case: Judged) -> bool:
    """Git writes the bytes of every MIME part to the patch; ours ends with the last part that is text."""
    return bool(case.mail.attachments) and case.patch.startswith(case.ours[1])


def blank_lines_of_boundaries(case: Judged) -> bool:
    """Git adds a blank line for each closing boundary."""
    message, patch = case.ours
    return b"boundary=" in case.raw and (message.rstrip(), patch.rstrip()) == (
        case.message.rstrip(),
        case.patch.rstrip(),
    )


def patch_left_in_its_charset(case: Judged) -> bool:
    """Git converts the commit message to UTF-8, and leaves the patch in the mail's charset."""
    return case.message == case.ours[0] and only_ascii(case.patch) == only_ascii(case.ours[1])


def encoded_line_ends(case: Judged) -> bool:
    """Git keeps the `\\r\\n` that the transfer encoding covers (it warns of it); ours are the patch's own."""
    return (case.message.replace("\r\n", "\n"), case.patch.replace("\r\n", "\n")) == case.ours


RULES: Final[tuple[Callable[[Judged], bool], ...]] = (
    in_body_headers_of_a_reply,
    pasted_from_line,
    parts_that_are_no_text,
    encoded_line_ends,
    blank_lines_of_boundaries,
    patch_left_in_its_charset,
)


def rule_for(case: Judged) -> str:
    """Return "" where both agree, else the name of the rule that says why not; fail where there is none."""
    if case.ours == case.git:
        return ""
    for rule in RULES:
        if rule(case):
            return rule.__name__
    ours, gits = ("".join(parts).splitlines() for parts in (case.ours, case.git))
    differing = "\n".join(difflib.unified_diff(gits, ours, "git", "ours", n=1))
    raise AssertionError(f"{case.mail.message.subject.text!r}:\n{differing[:2000]}")


def mailinfo(raw: bytes, folder: Path) -> tuple[str, str, dict[str, str]]:
    """Return the commit message, the patch, and the author, address and subject that git finds."""
    info = git("mailinfo", str(folder / "msg"), str(folder / "patch"), folder=folder, stdin=raw)
    lines = info.decode("utf-8", "replace").splitlines()
    return (
        (folder / "msg").read_bytes().decode("utf-8", "replace"),
        (folder / "patch").read_bytes().decode("utf-8", "replace"),
        dict(line.split(": ", 1) for line in lines if ": " in line),
    )


@pytest.mark.torture
def test_the_patches_of_a_whole_list(tmp_path: Path) -> None:
    mails = kvm_ppc(tmp_path)
    patches = [
        raw
        for raw, message in ((raw, parse_message(raw)) for raw in mails)
        if message.has_diff and not message.subject.is_reply
    ]
    assert len(patches) >= PATCHES
    sample = [patches[at * len(patches) // PATCHES] for at in range(PATCHES)]
    explained: Counter[str] = Counter()
    for raw in sample:
        message, patch, info = mailinfo(raw, tmp_path)
        mail = parse_mail(raw)
        rule = rule_for(Judged(raw, message, patch, mail))
        explained[rule] += 1
        if rule != "pasted_from_line":
            author = mail.message.author
            assert info["Author"] == (author.name or author.address)
            assert info["Email"] == author.address
            subject = dict(mail.body.in_body_headers).get("Subject", mail.message.subject.text)
            assert info["Subject"] == parse_subject(subject).title
    del explained[""]
    assert sum(explained.values()) <= ALLOWED, explained
    assert set(explained) <= {"pasted_from_line", "parts_that_are_no_text"}


def test_no_patch_that_git_finds_is_missed(tmp_path: Path) -> None:
    """Of the other mails that are no replies, in a sample, git finds a diff in none."""
    others = [
        raw
        for raw, message in ((raw, parse_message(raw)) for raw in kvm_ppc(tmp_path))
        if not message.has_diff and not message.subject.is_reply
    ]
    for raw in others[::4]:
        _, patch, _ = mailinfo(raw, tmp_path)
        assert not patch.startswith("diff -"), raw[:2000]
        assert "\ndiff -" not in patch, raw[:2000]


SAMPLE_RULES: Final = {
    3: "in_body_headers_of_a_reply",
    5: "patch_left_in_its_charset",
    8: "in_body_headers_of_a_reply",
    10: "in_body_headers_of_a_reply",
    11: "blank_lines_of_boundaries",
}
"""Of git's 18 sample mails those in which we differ, with the rule."""


def git_samples(folder: Path) -> list[bytes]:
    mails = split_mbox(shared("mails/git-t/data/t5100/sample.mbox"), folder / "mails")
    assert len(mails) == 18
    return mails


def test_gits_own_samples(tmp_path: Path) -> None:
    folder = shared("mails/git-t/data/t5100")
    for number, raw in enumerate(git_samples(tmp_path), 1):
        message = (folder / f"msg{number:04}").read_bytes().decode("utf-8", "replace")
        patch = (folder / f"patch{number:04}").read_bytes().decode("utf-8", "replace")
        rule = rule_for(Judged(raw, message, patch, parse_mail(raw)))
        assert rule == SAMPLE_RULES.get(number, ""), number


def test_the_authors_of_gits_own_samples(tmp_path: Path) -> None:
    folder = shared("mails/git-t/data/t5100")
    differing = {
        1: "A (zzz) U Thor (Comment): we drop the comment behind the address",
        3: "a reply's author is its sender",
        15: "an in-body From without an address names nobody",
    }
    for number, raw in enumerate(git_samples(tmp_path), 1):
        info = (folder / f"info{number:04}").read_text(encoding="utf-8")
        author = parse_message(raw).author
        ours = f"Author: {author.name or author.address}\nEmail: {author.address}\n"
        assert info.startswith(ours) == (number not in differing), number


@pytest.mark.parametrize("name", ["info-from", "embed-from", "quoted-string"])
def test_gits_odd_headers(name: str) -> None:
    folder = shared("mails/git-t/data/t5100")
    mail = parse_mail((folder / f"{name}.in").read_bytes())
    info = (folder / f"{name}.expect").read_text()
    author = mail.message.author
    subject = mail.message.subject.title
    if not mail.message.has_diff:  # git believes in-body headers wherever there is a `---`
        headers = dict(mail.body.in_body_headers)
        subject = headers.get("Subject", subject)
    expected = (
        f"Author: {author.name or author.address}\nEmail: {author.address}\nSubject: {subject}\n"
    )
    assert info.startswith(expected)


def test_gits_encoded_words(tmp_path: Path) -> None:
    folder = shared("mails/git-t/data/t5100")
    mails = split_mbox(folder / "rfc2047-samples.mbox", tmp_path / "mails")
    assert len(mails) == 11
    for number, raw in enumerate(mails, 1):
        info = (folder / f"rfc2047-info-{number:04}").read_text(encoding="utf-8")
        lines = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
        message = parse_message(raw)
        assert message.subject.title == lines["Subject"], number
        if number == 4:  # "Name <address> (comment)": git adds the comment to the name
            assert lines["Author"].startswith(message.author.name)
        elif "Author" in lines:
            assert message.author.name == lines["Author"], number


def test_gits_nul_bytes_line_ends_and_quotes(tmp_path: Path) -> None:
    folder = shared("mails/git-t/data/t5100")
    nul = parse_mail((folder / "nul-plain").read_bytes())
    assert nul.text.count("\n") == 4
    assert nul.text.count("\0") == 4
    encoded = parse_mail((folder / "nul-b64.in").read_bytes())
    assert encoded.text.encode() == (folder / "nul-b64.expect").read_bytes()
    quoted = parse_mail((folder / "quoted-from.in").read_bytes())
    assert quoted.body.message.startswith((folder / "quoted-from.expect").read_text())
    for raw in split_mbox(folder / "quoted-cr.mbox", tmp_path / "cr"):
        message, patch, _ = mailinfo(raw, tmp_path)
        case = Judged(raw, message, patch, parse_mail(raw))
        assert rule_for(case) == ("encoded_line_ends" if "\r\n" in patch else "")
        assert "\r\n" not in case.mail.text


def test_gits_flowed_patch_applies(tmp_path: Path) -> None:
    raw = shared("mails/git-t/data/t4256/1/patch").read_bytes()
    message, patch, _ = mailinfo(raw, tmp_path)
    assert rule_for(Judged(raw, message, patch, parse_mail(raw))) == ""
