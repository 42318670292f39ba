"""What the letters of the demo say: patches around git's diffs, and replies that quote them.

In the text of a reply a line that begins with `>>` quotes what is answered, in order from top to bottom:

    >> TEXT             the next line that holds TEXT
    >> TEXT .. TEXT     from such a line to the next that holds the second
    >>@ TEXT            from the hunk's `@@` line above it to the line
    >>d TEXT            from the file's `diff --git` line above it to the line
    >>all               everything
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tests.demo.people import PEOPLE, Person
from tests.demo.render import Letter, local
from tests.demo.script import ScriptError, Section

TRAILER: Final = re.compile(r"([A-Z][A-Za-z-]+): (\S.*)")
LINK: Final = re.compile(r"@link\(([^)]*)\)")
ARCHIVE: Final = "https://lists.slackwater.example.org/r/"
GIT_VERSION: Final = "2.51.0"


def spread(*parts: object) -> int:
    """Return a number that depends on nothing but the words: for ids, seconds and the like."""
    text = "\0".join(str(word) for word in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def new_id(person: Person, date: datetime, *parts: object) -> str:
    """Return a Message-ID as the person's mail program makes them."""
    domain = person.address.partition("@")[2]
    token = spread(person.address, date, *parts)
    if person.agent.startswith("Mutt"):
        return f"{token:016x}@{domain}"
    if person.agent.startswith("Pijlpost"):
        return f"PP{token:020d}.{date:%j}@{domain}"
    return f"{date:%Y%m%d%H%M%S}.{token % 1_000_000}@{domain}"


def named(text: str) -> str:
    """Return the text with `@who` at the end of trailer lines written out."""

    def person(match: re.Match[str]) -> str:
        return f"{match[1]}{PEOPLE[match[2]]}"

    return re.sub(r"(?m)^([A-Z][A-Za-z-]+: )@([a-z]+)\b", person, text)


def literal(text: str) -> str:
    """Return a hostile text, whose controls the script spells as \\xNN and \\uNNNN."""
    return re.sub(
        r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))", lambda m: chr(int(m[1] or m[2], 16)), text
    )


def commit_message(patch: Section, author: Person, sender: Person, plus: str = "") -> str:
    """Return a patch's message: title, text, and the trailers it ends with."""
    trailers = [f"Signed-off-by: {who}" for who in dict.fromkeys((author, sender))]
    trailers += [
        named(f"{name}: @{who}")
        for name, who in (word.split() for word in plus.split(", ") if word)
    ]
    text = named(literal(patch.text) if "hostile" in patch.options else patch.text)
    last = text.rpartition("\n\n")[2].split("\n")
    if text:
        own = all(TRAILER.fullmatch(line) for line in last)
        text += "\n" if own else "\n\n"
    return text + "\n".join(trailers)


def shortlog(patches: list[tuple[Person, str]]) -> str:
    """Return titles by author, as a cover letter lists them."""
    lines = []
    for author in dict.fromkeys(author for author, _ in patches):
        titles = [title for who, title in patches if who is author]
        lines += [f"{author.name} ({len(titles)}):", *(f"  {title}" for title in titles), ""]
    return "\n".join(lines)


def after(letter: Letter, wait: str) -> datetime:
    """Return the moment `+1d2h30m` after a letter."""
    match = re.fullmatch(r"\+(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", wait)
    if match is None or wait == "+":
        raise ScriptError(f"{wait!r} is no time to wait")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    seconds = spread(letter.message_id, wait) % 60
    wait_for = timedelta(days=days, hours=hours, minutes=minutes)
    return letter.date.replace(second=0) + wait_for + timedelta(seconds=seconds)


def answer(section: Section, target: Letter, link: Callable[[str], str]) -> Letter:
    """Return the letter that a `reply` section writes to `target`."""
    person = PEOPLE[section.words[1]]
    date = after(target, section.words[2])
    text = LINK.sub(lambda m: ARCHIVE + link(m[1]), named(section.text))
    if "hostile" in section.options:
        text = literal(text)
    said = target.text.rstrip("\n").split("\n")
    opening = person.attribution.format(
        name=target.sender.name, date=local(target.sender, target.date)
    )
    if "top" in section.options:
        quoted = "\n".join(_quoted(said))
        text = f"{text}\n\n{opening}\n{quoted}"
    elif ">>" in text:
        text = f"{opening}\n" + _with_quotes(text, said, section.where)
    cc = list(dict.fromkeys([target.sender, *target.cc]))
    subject = section.options.get("subject") or "Re: " + target.subject.removeprefix("Re: ")
    return Letter(
        message_id=new_id(person, date, section.where),
        sender=person,
        date=date,
        subject=subject,
        text=f"{text}\n" if person.signature else text,
        signature=person.signature,
        parent=target,
        cc=cc,
        encoding=section.options.get("encode", person.encoding),
        form="html" if "html" in section.options else "plain",
        number=target.number,
        version=target.version,
    )


def _quoted(lines: list[str]) -> list[str]:
    return [f"> {line}" if line else ">" for line in lines]


def _with_quotes(text: str, said: list[str], where: str) -> str:
    out: list[str] = []
    at = 0
    for line in text.split("\n"):
        match = re.fullmatch(r">>([@d]?) (.+)|>>(all)", line)
        if match is None:
            out.append(line)
            continue
        if match[3]:
            out += _quoted(said)
            continue
        first, _, last = match[2].partition(" .. ")
        start = _find(said, first, at, where)
        end = _find(said, last, start + 1, where) if last else start
        if match[1]:
            head = "@@ " if match[1] == "@" else "diff --git "
            start = max(i for i in range(start) if said[i].startswith(head))
        out += _quoted(said[start : end + 1])
        at = end + 1
    return "\n".join(out)


def _find(lines: list[str], text: str, start: int, where: str) -> int:
    for index in range(start, len(lines)):
        if text in lines[index]:
            return index
    raise ScriptError(f"{where}: nothing to quote with {text!r} below line {start}")
