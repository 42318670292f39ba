"""Review comments on a made archive whose truth is known: reviewers comment on lines, the next version changes some of them.

Lines of code repeat as they do in C; the second version is rebased, its patches change their order, and one is dropped.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.comments.values import Evidence
from core.desk.comments import SeriesComments
from tests.core.versions.series import Mails, raw_mail

_SERIES: Final = 300
_REX: Final = "Rex Reviewer <rex@example.com>"
_COMMON: Final = (
    "\t}", "", "\t\treturn -EINVAL;", "\tif (ret)", "\tif (!ctx)", "\t\tgoto out;", "\t} else {", "\tbreak;", "out:",
)  # fmt: skip
"""Lines that occur again and again."""

Row = tuple[str, str]
"""Sign and text."""


@dataclass
class _Hunk:
    """A hunk of the first version, the changes to it, and the second version's."""

    rows: list[Row]
    new_rows: list[Row] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    """Rows that are gone, replaced or of another sign in the second version."""
    inserted: set[int] = field(default_factory=set)
    """Rows after which lines came."""

    def distance(self, at: int) -> int | None:
        """Return how many rows the nearest change is away from a row; None where there is none."""
        away = [abs(at - one) for one in self.touched]
        away += [one - at + 1 if at <= one else at - one for one in self.inserted]
        return min(away, default=None)


def evidence() -> Iterator[str]:
    """Yield how many comments have the evidence that is true, and the others by kind."""
    right: Counter[str] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for seed in range(_SERIES):
        mails, truth = made_series(random.Random(seed))
        box = Mails(mails)
        found = SeriesComments(box, box.series()).of_posting()
        said = {one.text.split("\n")[0]: one.next.evidence for one in found.comments}
        for text, kind in truth.items():
            ours = said.get(text)
            if ours is kind:
                right[kind.value] += 1
            else:
                wrong[kind.value, ours.value if ours is not None else "lost"] += 1
    total = right.total() + wrong.total()
    yield (
        f"reviews: evidence on a made archive: {right.total():,} of {total:,} comments exact, "
        f"{100 * right.total() / total:.2f} %   asked: >= 98 %"
    )
    yield f"  exact: {', '.join(f'{count} {name}' for name, count in sorted(right.items()))}"
    for (wanted, got), count in wrong.most_common():
        yield f"  {count}: {wanted} said to be: {got}"


def made_series(chance: random.Random) -> tuple[list[str], Mapping[str, Evidence]]:
    """Return the mails of two versions with comments on the first, and the truth: comment → evidence."""
    names = list(range(1, chance.randrange(2, 6)))
    order = names[:]
    chance.shuffle(order)
    dropped = chance.choice(order) if len(order) > 2 and chance.random() < 0.3 else 0
    order = [name for name in order if name != dropped]
    truth: dict[str, Evidence] = {}
    mails = [raw_mail("c1", f"[PATCH 0/{len(names)}] lamp: light", "All of it.\n")]
    later: dict[int, str] = {}
    for name in names:
        one = _MadePatch(chance, name, is_dropped=name == dropped)
        title = f"lamp: make lamp number {name} shine"
        mails.append(_patch_mail("1", f"[PATCH {name}/{len(names)}] {title}", name, one.old, "c1", 1))  # fmt: skip
        truth |= one.truth
        for at, text in enumerate(one.replies):
            mails.append(
                raw_mail(f"r{name}-{at}", f"Re: [PATCH {name}/{len(names)}] {title}", text,
                         day=2, answers=f"p1-{name}", sender=_REX)
            )  # fmt: skip
        later[name] = one.new
    mails.append(raw_mail("c2", f"[PATCH v2 0/{len(order)}] lamp: light", "All of it.\n", day=5))
    for at, name in enumerate(order, 1):
        title = f"lamp: make lamp number {name} shine"
        mails.append(_patch_mail("2", f"[PATCH v2 {at}/{len(order)}] {title}", name, later[name], "c2", 5))  # fmt: skip
    return mails, truth


def _patch_mail(version: str, subject: str, name: int, body: str, cover: str, day: int) -> str:
    return raw_mail(f"p{version}-{name}", subject, body, day=day, answers=cover)


class _MadePatch:
    """A patch in two versions, the replies to the first, and the truth about the comments in them."""

    def __init__(self, chance: random.Random, name: int, *, is_dropped: bool) -> None:
        self._chance = chance
        self._name = name
        self._count = 0
        self.truth: dict[str, Evidence] = {}
        self.replies: list[str] = []
        paragraphs = [[f"Paragraph {at} of patch {name} says", f"why lamp {at} is dark."] for at in range(3)]  # fmt: skip
        changed = chance.sample(range(3), chance.choice((0, 0, 1)))
        now = [
            [lines[0], f"why lamp {at} is bright now."] if at in changed else lines
            for at, lines in enumerate(paragraphs)
        ]
        hunks = [self._hunk() for _ in range(chance.randrange(1, 4))]
        is_changed = chance.random() < 0.8
        suggested: dict[tuple[int, int], str] = {}
        for at, hunk in enumerate(hunks):
            suggested |= {
                (at, row): text
                for row, text in self._change(hunk, changes=is_changed and chance.random() < 0.8)
            }
        is_code = any(hunk.touched or hunk.inserted for hunk in hunks)
        self.old = self._body(paragraphs, [hunk.rows for hunk in hunks], 0)
        self.new = self._body(now, [hunk.new_rows for hunk in hunks], chance.randrange(0, 40))
        said: list[str] = []
        for at in range(3):
            if chance.random() < 0.3:
                is_same = at not in changed
                kind = Evidence.TEXT_AS_IT_WAS if is_same else Evidence.TEXT_CHANGED
                said.append(self._comment(paragraphs[at], kind if not is_dropped else Evidence.PATCH_GONE))  # fmt: skip
        for at, hunk in enumerate(hunks):
            commented = set(chance.sample(range(len(hunk.rows)), chance.randrange(0, 3)))
            commented |= {one for one in hunk.touched if chance.random() < 0.4}
            for row in sorted(commented):
                code = suggested.get((at, row), "")
                kind = Evidence.AS_SUGGESTED if code else _kind(hunk.distance(row), is_code)
                quoted = ["".join(one) for one in hunk.rows[max(0, row - 4) : row + 1]]
                head = [f"@@ -{100 * at + 10},{_side(hunk.rows, '-')} +{100 * at + 10},{_side(hunk.rows, '+')} @@"]  # fmt: skip
                kind = Evidence.PATCH_GONE if is_dropped else kind
                said.append(self._comment([*head * (row < 5), *quoted], kind, code))
        if said:
            self.replies.append("\n".join(said))

    def _comment(self, quoted: Sequence[str], kind: Evidence, code: str = "") -> str:
        self._count += 1
        text = f"Patch {self._name}, comment {self._count}: this looks wrong to me."
        self.truth[text] = kind
        lines = [*(f"> {line}" for line in quoted), "", text]
        return "\n".join([*lines, *(["", code] if code else []), "", ""])

    def _line(self) -> str:
        if self._chance.random() < 0.4:
            return self._chance.choice(_COMMON)
        return f"\tlamp_{self._name}_{self._chance.randrange(10**6)}(ctx);"

    def _hunk(self) -> _Hunk:
        rows: list[Row] = [(" ", f"\tbefore_{self._chance.randrange(10**6)}();") for _ in range(3)]
        for _ in range(self._chance.randrange(3, 60)):
            sign = self._chance.choice("++++++- ")
            rows.append((sign, self._line()))
        return _Hunk(
            rows + [(" ", f"\tafter_{self._chance.randrange(10**6)}();") for _ in range(3)]
        )

    def _change(self, hunk: _Hunk, *, changes: bool) -> Iterator[tuple[int, str]]:
        """Change some rows for the second version; yield those for which a reviewer proposed the new line."""
        signed = [at for at, (sign, text) in enumerate(hunk.rows) if sign != " " and "lamp" in text]
        picked = set(self._chance.sample(signed, min(len(signed), self._chance.randrange(1, 4))) if changes else ())  # fmt: skip
        for at, (sign, text) in enumerate(hunk.rows):
            how = self._chance.choice(("replace", "delete", "insert", "suggest")) if at in picked else ""  # fmt: skip
            if sign == "-" and how:  # the line stays after all
                hunk.touched.add(at)
                hunk.new_rows.append((" ", text))
                continue
            if how in ("", "insert"):
                hunk.new_rows.append((sign, text))
            else:
                hunk.touched.add(at)
            if how and how != "delete":
                new = f"\tbetter_{self._chance.randrange(10**6)}(ctx);"
                hunk.new_rows.append(("+", new))
                if how == "insert":
                    hunk.inserted.add(at)
                if how == "suggest":
                    yield at, new

    def _body(self, paragraphs: Sequence[Sequence[str]], hunks: Sequence[Sequence[Row]], shift: int) -> str:  # fmt: skip
        text = "\n\n".join("\n".join(lines) for lines in paragraphs)
        path = f"lamp_{self._name}.c"
        lines = [f"diff --git a/{path} b/{path}", f"--- a/{path}", f"+++ b/{path}"]
        for at, rows in enumerate(hunks):
            start = 100 * at + 10 + shift
            lines.append(f"@@ -{start},{_side(rows, '-')} +{start},{_side(rows, '+')} @@")
            lines += ["".join(row) for row in rows]
        diff = "\n".join(lines)
        return f"{text}\n\nSigned-off-by: Ada <ada@example.org>\n---\n\n{diff}\n-- \n2.40\n"


def _side(rows: Sequence[Row], sign: str) -> int:
    return sum(one in {sign, " "} for one, _ in rows)


def _kind(distance: int | None, is_code: bool) -> Evidence:
    if not is_code:
        return Evidence.PATCH_AS_IT_WAS
    if distance is None or distance > 40:
        return Evidence.AS_IT_WAS
    if distance == 0:
        return Evidence.LINE_CHANGED
    return Evidence.NEARBY if distance <= 3 else Evidence.IN_HUNK
