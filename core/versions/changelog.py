"""The author's own changelog, in a cover letter, the notes below `---` or a commit message.

Headings that are known: `Changes in v3:`, `Changes since v2:`, `v2 -> v3`, `v1→v2:`, `V3:`, `v2:` alone or before a
text, `Changelog:` or `Changes:` above one of these or alone, and `[v2: ...]` in a message. A part ends at the next
heading, at a shortlog, a diffstat, a `---`, or where prose follows its items.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.model import MessageId, OpenedMessage
from core.versions.content import PatchContent

MOST_ITEMS: Final = 500
_MOST_LINES: Final = 5_000
_LONGEST: Final = 400
"""Characters of a line that may be a heading."""
_HIGHEST: Final = 999

_WORD: Final = r"(?:(?:rfc|patch|resend)[ -]{0,2}){0,2}"
_ARROW: Final = re.compile(
    rf"\W{{0,8}}(?:\w{{1,12}} ){{0,3}}?{_WORD}(?:v ?\d{{1,3}}(?:\.\d+)?)? ?(?:-{{1,3}}>|=>|→|⇒|\bto\b) ?{_WORD}v ?(\d{{1,3}})\b[^:]{{0,40}}?(?::|$)(.*)",
    re.IGNORECASE,
)
_CHANGES: Final = re.compile(
    rf"\W{{0,8}}(?:\w{{1,12}} ){{0,2}}?(?:changes?|changed|changelog|change log|diff|differences?|updates?|updated|new|history|revisions?)\b[\w ,']{{0,30}}?"
    rf"(in|since|from|for|over|against|after|on|vs|of|with)? ?(?:the )?{_WORD}v ?(\d{{1,3}})\b[^:]{{0,60}}?(?::|$)(.*)",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(
    rf"[^\w\[]{{0,8}}{_WORD}(?:version |ver |v ?)(\d{{1,3}})(?:\.\d+)?(?: ?\([^()]{{0,60}}\))?(?: changes?)? ?(?::| - |–|$)(.*)",
    re.IGNORECASE,
)
_SINCE: Final = re.compile(rf"\W{{0,8}}since {_WORD}v ?(\d{{1,3}})\b ?:?(.*)", re.IGNORECASE)
_BARE: Final = re.compile(
    r"\W{0,4}(?:change ?log|changes|changes (?:in|since) (?:this|the last|the previous|last|previous) (?:version|revision|posting)|history|revision history|version history)\W{0,4}",
    re.IGNORECASE,
)
_IN_MESSAGE: Final = re.compile(r"\[v(\d{1,3}): ?([^\[\]]{1,2000})\]", re.IGNORECASE)
_BEFORE: Final = frozenset({"since", "from", "over", "against", "after", "vs"})
"""Words between `changes` and the version that was changed."""

_ITEM: Final = re.compile(
    r"[ \t]{0,12}(?:[-*+•‣o·][ \t]+|\(?\d{1,2}[.)][ \t]+|\[?\d{1,3}/\d{1,3}\]?:?[ \t]|\d{1,3}(?:[-–]\d{1,3})?:[ \t])"
)
_LINK: Final = re.compile(
    r"\W{0,6}(?:link to )?(?:rfc )?v\d{1,3}[^:]{0,30}: ?(?:\[\d+\] ?)?<?https?://", re.IGNORECASE
)
_ONLY_LINK: Final = re.compile(r"[(<\[]?https?://[^\s]+$")
_END: Final = re.compile(
    r"---|===|diff -|base-commit:|prerequisite-|change-id:|-- $|\S[^\n]{0,80} \(\d{1,4}\):$| [^ ].{0,200}\|[ ]+(?:\d+|Bin)"
)
_NAMED: Final = re.compile(
    r"\b(?:patch|patches) ?[#№]?(\d{1,3})((?:(?: ?[-–,&/] ?| and | to )#?\d{1,3}){0,20})(?!\d)",
    re.IGNORECASE,
)
_COUNTER: Final = re.compile(r"(?<![\d/.])#?(\d{1,3})/(\d{1,3})(?![\d/])")
_LEADING: Final = re.compile(r"(\d{1,3})(?:[-–](\d{1,3}))?:\s")
_NUMBER: Final = re.compile(r"([-–]|to )? ?#?(\d{1,3})")
_SYMBOL: Final = re.compile(r"\b(?:[a-zA-Z]\w{0,60}_\w{1,60}|[a-zA-Z_]\w{2,60}(?=\(\)))")
_SHORTEST_TITLE: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangelogItem:
    """One thing that the author says changed."""

    version: int
    text: str
    """As written, lines joined by `\\n`, without its bullet."""
    message_id: MessageId
    number: int
    """The number of the patch with the item; 0 for the cover letter."""
    patches: tuple[int, ...] = ()
    """The patches that it speaks of; of a cover letter's those that it names."""


def read_changelog(mail: OpenedMessage, number: int, version: int) -> list[ChangelogItem]:
    """Return the changelog items of a cover letter (number 0) or a patch, with their versions. Linear; never raises.

    `version` is that of the posting: items under a heading without a number belong to it.
    """
    body = mail.body
    text = body.message if number == 0 and not body.diff else body.notes
    own = (number,) if number else ()
    found = [
        ChangelogItem(
            version=of, text=words, message_id=mail.message.message_id, number=number, patches=own
        )
        for of, words in _items(text.split("\n")[:_MOST_LINES], version)
    ]
    if number:
        found += [
            ChangelogItem(
                version=int(match[1]),
                text=" ".join(match[2].split()),
                message_id=mail.message.message_id,
                number=number,
                patches=own,
            )
            for match in _IN_MESSAGE.finditer(body.message[:100_000])
        ]
    return found[:MOST_ITEMS]


def _items(lines: Sequence[str], version: int) -> Iterator[tuple[int, str]]:
    """Yield (version, text) of each item."""
    current: int | None = None
    item: list[str] = []
    is_list = after_blank = False
    for line in [*lines, "---"]:
        plain = line.strip()
        heading = _heading(line, version)
        is_item = _ITEM.match(line) is not None
        is_prose = plain != "" and after_blank and is_list and not is_item and not line[0].isspace()
        is_end = _END.match(line) is not None or (heading is None and is_prose)
        if current is not None and item and (heading or is_end or is_item or not plain):
            yield current, "\n".join(item)
            item = []
        if heading is not None:
            current, first = heading
            is_list = False
            item = [first] if first and not _ONLY_LINK.match(first) else []
        elif is_end:
            current = None
        elif current is not None and plain and not _LINK.match(line):
            is_list |= is_item
            item.append(
                _ITEM.sub("", line, count=1).strip()
                if is_item and not plain[0].isdigit()
                else plain
            )
        after_blank = not plain


def _heading(line: str, version: int) -> tuple[int, str] | None:
    """Return the version of a heading, and the rest of its line."""
    if len(line) > _LONGEST or not line.strip() or _LINK.match(line):
        return None
    if match := _ARROW.fullmatch(line.rstrip()):
        return int(match[1]), match[2].strip()
    if match := _CHANGES.fullmatch(line.rstrip()):
        later = match[1] is not None and match[1].casefold() in _BEFORE
        return min(int(match[2]) + later, _HIGHEST), match[3].strip()
    if match := _VERSION.fullmatch(line.rstrip()):
        return int(match[1]), match[2].strip()
    if match := _SINCE.fullmatch(line.rstrip()):
        return int(match[1]) + 1, match[2].strip()
    return (version, "") if _BARE.fullmatch(line.rstrip()) else None


def between(items: Iterable[ChangelogItem], old: int, new: int) -> list[ChangelogItem]:
    """Return the items of the versions after `old` up to `new`; where both numbers are equal, the items of that number."""
    low = min(old, new - 1)
    return [item for item in items if low < item.version <= new]


def attribute(
    items: Iterable[ChangelogItem], patches: Sequence[PatchContent]
) -> list[ChangelogItem]:
    """Return items with the patches that they speak of: by number, by title, or by a symbol that one patch alone has."""
    owners = _symbol_owners(patches)
    titles = [
        (patch.title_key, patch.number)
        for patch in patches
        if len(patch.title_key) >= _SHORTEST_TITLE
    ]
    total = max((patch.number for patch in patches), default=0)
    found: list[ChangelogItem] = []
    for item in items:
        if item.patches:
            found.append(item)
            continue
        named = set(_numbers(item.text, total))
        text = " ".join(item.text.casefold().split())
        named.update(number for title, number in titles if title in text)
        if not named:
            symbols = set(_SYMBOL.findall(item.text))
            named.update(owners[name] for name in symbols if owners.get(name, 0))
        if len(patches) == 1:
            named = {patches[0].number}
        found.append(replace(item, patches=tuple(sorted(named))))
    return found


def _numbers(text: str, total: int) -> Iterator[int]:
    """Yield the numbers of patches that a text names."""
    if match := _LEADING.match(text):
        yield from range(max(1, int(match[1])), min(int(match[2] or match[1]), total) + 1)
    for match in _COUNTER.finditer(text):
        if 0 < int(match[1]) <= int(match[2]) == total:
            yield int(match[1])
    for match in _NAMED.finditer(text):
        last = int(match[1])
        numbers = [last]
        for more in _NUMBER.finditer(match[2]):
            number = int(more[2])
            is_range = more[1] is not None and last < number <= total
            numbers += range(last + 1, number) if is_range else ()
            numbers.append(number)
            last = number
        yield from (number for number in numbers if 0 < number <= total)


def _symbol_owners(patches: Sequence[PatchContent]) -> dict[str, int]:
    """Return of each symbol in changed lines the number of the patch that alone has it, 0 where several have."""
    owners: dict[str, int] = {}
    for patch in patches:
        mine = {
            name
            for _, text in patch.changed_rows()
            for name in re.findall(r"[A-Za-z_]\w{2,60}", text[:_LONGEST])
        }
        for name in mine:
            owners[name] = 0 if name in owners else patch.number
    return owners
