"""Makes the demo: `python -m tests.demo.build` writes `core/demo/demo.mbox`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.demo.history import History
from tests.demo.postings import Made, Stage
from tests.demo.render import Letter, mboxrd, rendered
from tests.demo.script import all_plays
from tests.demo.truth import BuiltPatch, BuiltSeries, BuiltThread, BuiltVersion, Demo

SHIPPED: Final = Path(__file__).parents[2] / "core" / "demo" / "demo.mbox"
ANNOUNCE: Final = "announce.lists.slackwater.example.org"
FOOTER: Final = "_______\nannounce mailing list: read by everybody, written to by few\n"


def build(repo: Path) -> Demo:
    """Make the demo's git repository in `repo` (an empty or new folder), and return the archive with its truth."""
    history = History(repo)
    stage = Stage(history, all_plays())
    stage.commits()
    history.write()
    stage.letters()
    series = tuple(_series(history, list(made.values())) for made in stage.made.values() if made)
    threads = tuple(_thread(key, letters) for key, letters in stage.threads.items())
    letters = [letter for letters in stage.threads.values() for letter in letters]
    for versions in stage.made.values():
        for made in versions.values():
            letters += [*made.letters.values(), *made.replies]
    letters += [
        _through_announce(stage.threads[key][0]) for key in stage.threads if _twice(stage, key)
    ]
    letters.sort(key=lambda letter: (letter.delivered or letter.date, letter.message_id))
    mails = [rendered(letter) for letter in letters]
    return Demo(
        mbox=mboxrd(mails),
        mails=tuple(zip((letter.message_id for letter in letters), mails, strict=True)),
        series=series,
        threads=threads,
    )


def _twice(stage: Stage, key: str) -> bool:
    return "twice" in stage.plays[key].head.options


def _through_announce(letter: Letter) -> Letter:
    """Return the letter as another list delivered it, with that list's footer."""
    return replace(letter, list_name=ANNOUNCE, footer=FOOTER, delivered=letter.delivered)


def _series(history: History, versions: list[Made]) -> BuiltSeries:
    replies = [letter for made in versions for letter in made.replies]
    newest = [made for made in versions if made.posting.cover is not None or 1 in made.sent][-1]
    cover = newest.posting.cover
    return BuiltSeries(
        key=versions[0].play.key,
        subject=newest.titles[0] if cover is None else cover.title,
        change_id=versions[0].change_id,
        versions=tuple(_version(history, made) for made in versions),
        trailers=tuple(trailer for made in versions for trailer in made.trailers),
        replies=frozenset(letter.message_id for letter in replies),
    )


def _version(history: History, made: Made) -> BuiltVersion:
    first, last = made.sent[0], made.sent[-1]
    total = len(made.sections)
    cover = made.posting.cover
    return BuiltVersion(
        version=made.version[0],
        minor=made.version[1],
        tags=made.tags,
        total=total,
        cover=None if cover is None else _patch(made, 0, cover.title),
        patches=tuple(_patch(made, number, made.titles[number - 1]) for number in made.sent),
        missing=tuple(number for number in range(1, total + 1) if number not in made.sent),
        base=history.id(made.marks[first - 1]),
        tip=history.id(made.marks[last]),
    )


def _patch(made: Made, number: int, title: str) -> BuiltPatch:
    letter = made.letters[number]
    author = made.authors[number - 1] if number else letter.sender
    return BuiltPatch(
        number=number, message_id=letter.message_id, title=title, author=author.address
    )


def _thread(key: str, letters: list[Letter]) -> BuiltThread:
    first, *replies = letters
    return BuiltThread(
        key=key,
        subject=first.subject,
        message_id=first.message_id,
        replies=frozenset(letter.message_id for letter in replies),
    )


def main() -> None:
    """Write the shipped archive anew."""
    with tempfile.TemporaryDirectory() as folder:
        demo = build(Path(folder) / "slackwater")
    SHIPPED.write_bytes(demo.mbox)
    mails, size = len(demo.mails), len(demo.mbox)
    print(
        f"{SHIPPED.name}: {len(demo.series)} series, {len(demo.threads)} threads, {mails} mails, {size} bytes"
    )


if __name__ == "__main__":
    main()
