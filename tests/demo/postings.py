"""Plays to letters: the commits of every posting, its cover letter and patches, and who answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.demo.compose import (
    ARCHIVE,
    GIT_VERSION,
    LINK,
    TRAILER,
    answer,
    commit_message,
    literal,
    named,
    new_id,
    shortlog,
    spread,
)
from tests.demo.history import History
from tests.demo.people import PEOPLE, Person
from tests.demo.render import Letter
from tests.demo.script import Play, Posting, ScriptError, Section, project_edits
from tests.demo.tree import Tree, edited, played
from tests.demo.truth import BuiltTrailer

VERSION: Final = re.compile(r"v(\d+)(?:\.(\d+))?[a-z]?")
IMPORT_DATE: Final = datetime(2026, 9, 1, 9, tzinfo=UTC)


@dataclass(slots=True)
class Made:
    """A posting with its commits: `marks` begins with the base and has one more for each patch."""

    play: Play
    posting: Posting
    marks: list[int]
    messages: list[str]
    titles: list[str]
    sections: list[Section]
    authors: list[Person]
    letters: dict[int, Letter] = field(default_factory=dict)
    replies: list[Letter] = field(default_factory=list)
    trailers: list[BuiltTrailer] = field(default_factory=list)

    @property
    def options(self) -> dict[str, str]:
        return self.posting.head.options

    @property
    def version(self) -> tuple[int, int]:
        match = VERSION.fullmatch(self.posting.name)
        if match is None:
            raise ScriptError(f"{self.posting.head.where}: {self.posting.name!r} is no version")
        return int(match[1]), int(match[2] or 0)

    @property
    def sent(self) -> list[int]:
        """The numbers of the patches that reach the list."""
        every = range(1, len(self.sections) + 1)
        if "send" in self.options:
            return [int(self.options["send"])]
        return [number for number in every if str(number) != self.options.get("drop")]

    @property
    def change_id(self) -> str | None:
        if "change-id" not in self.play.head.options:
            return None
        first = self.play.postings[0]
        if not PEOPLE[first.who].agent.startswith("b4"):
            raise ScriptError(f"{self.play.head.where}: only b4 writes a change-id")
        token = spread("change", self.play.key) % 16**12
        return f"{first.date:%Y%m%d}-{self.play.key}-{token:012x}"

    @property
    def tags(self) -> tuple[str, ...]:
        words = self.options.get("prefix", "PATCH").replace("{v}", "").split()
        return tuple(word for word in words if word != "PATCH")


class Stage:
    """Plays everything: first the commits, then the letters."""

    def __init__(self, history: History, plays: list[Play]) -> None:
        self.history = history
        self.plays = {play.key: play for play in plays}
        if len(self.plays) != len(plays):
            raise ScriptError("two plays have one key")
        self.made: dict[str, dict[str, Made]] = {}
        self.threads: dict[str, list[Letter]] = {}
        self.labels: dict[str, Letter] = {}
        tree = edited({}, project_edits(), "project")
        self._main = history.commit(
            None, tree, PEOPLE["tove"], IMPORT_DATE, "Slackwater 1.4", "refs/heads/main"
        )

    def commits(self) -> None:
        """Record the commits of all postings."""
        for key in self.plays:
            self._commits_of(key)

    def _commits_of(self, key: str) -> dict[str, Made]:
        if key not in self.made:
            self.made[key] = {}
            play = self.plays[key]
            for posting in play.postings:
                self.made[key][posting.name] = self._commit(play, posting)
        return self.made[key]

    def _base(self, play: Play) -> int:
        if "base" not in play.head.options:
            return self._main
        key, _, name = play.head.options["base"].partition("/")
        return self._commits_of(key)[name].marks[-1]

    def _commit(self, play: Play, posting: Posting) -> Made:
        made = Made(play, posting, [self._base(play)], [], [], [], [])
        sender = PEOPLE[posting.who]
        tree: Tree = self.history.tree(made.marks[0])
        ref = f"refs/demo/{play.key}/{posting.name}"
        for number, written in enumerate(posting.patches, 1):
            section = self._taken_over(play, written)
            author = PEOPLE[section.options.get("author", posting.who)]
            title = literal(section.title) if "hostile" in section.options else section.title
            tree = played(tree, section)
            message = commit_message(section, author, sender, section.options.get("plus", ""))
            when = posting.date - timedelta(minutes=30 - number)
            mark = self.history.commit(
                made.marks[-1], tree, author, when, f"{title}\n\n{message}\n", ref
            )
            made.marks.append(mark)
            made.messages.append(message)
            made.titles.append(title)
            made.sections.append(section)
            made.authors.append(author)
        return made

    def _taken_over(self, play: Play, written: Section) -> Section:
        """Return the patch with what its `like` leaves unsaid."""
        if "like" not in written.options:
            return written
        name, _, number = written.options["like"].partition("/")
        other = self.made[play.key][name].sections[int(number) - 1]
        options = {**other.options, **written.options}
        plus = [o["plus"] for o in (other.options, written.options) if "plus" in o]
        if plus:
            options["plus"] = ", ".join(plus)
        words = written.words if written.title else other.words
        merged = Section(words, written.where, options)
        merged.text = written.text or other.text
        merged.notes = written.notes
        merged.edits = [*other.edits, *written.edits]
        return merged

    def letters(self) -> None:
        """Write the letters of all plays, after the history was written."""
        for play in self.plays.values():
            if play.postings:
                for made in self.made[play.key].values():
                    self._post(made)
            else:
                self._talk(play)

    def link(self, place: str) -> str:
        """Return the Message-ID that `KEY/v1/0`, or a label, stands for."""
        if place not in self.labels:
            raise ScriptError(f"@link({place}) names no letter so far")
        return self.labels[place].message_id

    def _post(self, made: Made) -> None:
        key, posting = made.play.key, made.posting
        previous = [m for m in self.made[key].values() if m.letters]
        parent = None
        if "in-reply-to" in made.options:
            parent = previous[-1].letters[min(previous[-1].letters)]
        if posting.cover is not None:
            parent = made.letters[0] = self._letter(made, 0, self._cover_text(made), parent)
        diffs = list(self.history.diffs(made.marks[0], made.marks[-1]))
        for number in made.sent:
            text = self._patch_text(made, number, diffs[number - 1])
            made.letters[number] = self._letter(made, number, text, parent)
            if parent is None:
                parent = made.letters[number]
        for number, letter in made.letters.items():
            self.labels[f"{key}/{posting.name}/{number}"] = letter
        for section in posting.replies:
            self._reply(made, section)

    def _letter(self, made: Made, number: int, text: str, parent: Letter | None) -> Letter:
        posting = made.posting
        section = made.posting.cover if number == 0 else made.sections[number - 1]
        assert section is not None
        sender = PEOPLE[posting.who]
        date = posting.date + timedelta(seconds=spread(made.play.key, posting.name) % 50 + number)
        cc = [PEOPLE[who] for who in made.options.get("cc", "").split(", ") if who]
        title = section.title if number == 0 else made.titles[number - 1]
        b4 = sender.agent.startswith("b4")
        if made.change_id and b4:
            token = made.change_id.rpartition("-")[2]
            domain = sender.address.partition("@")[2]
            slug = f"{posting.date:%Y%m%d}-{made.play.key}-{posting.name}-{number}"
            message_id = f"{slug}-{token}@{domain}"
        else:
            message_id = f"{date:%Y%m%d%H%M%S}.{spread(made.play.key) % 90_000}-{number + 1}-{sender.address}"
        letter = Letter(
            message_id=message_id,
            sender=sender,
            date=date,
            subject=f"[{_prefix(made, number)}] {title}",
            text=text,
            signature=f"{sender.name} <{sender.address}>" if b4 and number == 0 else GIT_VERSION,
            parent=parent,
            cc=cc,
            encoding=section.options.get("encode", sender.encoding),
            form="attach" if "attach" in section.options else "plain",
            number=number,
            version=posting.name,
        )
        if "late" in section.options:
            letter.delivered = date + timedelta(minutes=5)
        return letter

    def _cover_text(self, made: Made) -> str:
        assert made.posting.cover is not None
        text = self._linked(made.posting.cover.text)
        log = shortlog(list(zip(made.authors, made.titles, strict=True)))
        summary = self.history.summary(made.marks[0], made.marks[-1])
        if not PEOPLE[made.posting.who].agent.startswith("b4"):
            return f"{text}\n\n{log}\n{summary}\n"
        return f"{text}\n\n---\n{log}\n{summary}\n{self._tail(made)}\n\nBest regards,"

    def _tail(self, made: Made) -> str:
        lines = ["---", f"base-commit: {self.history.id(made.marks[0])}"]
        if made.change_id is not None:
            lines.append(f"change-id: {made.change_id}")
        return "\n".join(lines)

    def _patch_text(self, made: Made, number: int, diff: str) -> str:
        author, sender = made.authors[number - 1], PEOPLE[made.posting.who]
        section = made.sections[number - 1]
        lines = [f"From: {author}\n"] if author is not sender else []
        lines += [made.messages[number - 1], "---"]
        if section.notes:
            lines += [self._linked(section.notes), ""]
        lines.append(diff)
        if made.posting.cover is None and made.change_id is not None:
            lines.append(self._tail(made))
        return "\n".join(lines).removesuffix("\n")

    def _linked(self, text: str) -> str:
        return LINK.sub(lambda m: ARCHIVE + self.link(m[1]), named(text))

    def _reply(self, made: Made, section: Section) -> None:
        key = made.play.key
        place = section.words[3]
        numbered = place if "/" in place else f"{made.posting.name}/{place}"
        target = self.labels.get(f"{key}/{numbered}") or self.labels.get(f"{key}/{place}")
        if target is None:
            raise ScriptError(f"{section.where}: nobody to reply to at {place!r}")
        letter = answer(section, target, self.link)
        made.replies.append(letter)
        if section.words[4:5] == ["as"]:
            self.labels[f"{key}/{section.words[5]}"] = letter
        own = self.made[key][target.version]
        for line in named(section.text).split("\n"):
            match = TRAILER.fullmatch(line)
            if match and line not in section.text.split("\n"):
                trailer = BuiltTrailer(
                    name=match[1],
                    value=match[2],
                    number=target.number,
                    version=own.version[0],
                    message_id=letter.message_id,
                )
                made.trailers.append(trailer)

    def _talk(self, play: Play) -> None:
        head = play.head
        person = PEOPLE[head.words[2]]
        date = datetime.strptime(f"{head.words[3]} {head.words[4]} +0000", "%Y-%m-%d %H:%M %z")
        first = Letter(
            message_id=new_id(person, date, play.key),
            sender=person,
            date=date,
            subject=" ".join(head.words[5:]),
            text=self._linked(literal(head.text) if "hostile" in head.options else head.text),
            signature=person.signature,
            cc=[PEOPLE[who] for who in head.options.get("cc", "").split(", ") if who],
            encoding=head.options.get("encode", person.encoding),
        )
        self.labels[play.key] = first
        letters = self.threads[play.key] = [first]
        for section in play.replies:
            letter = answer(section, self.labels[section.words[3]], self.link)
            letters.append(letter)
            if section.words[4:5] == ["as"]:
                self.labels[section.words[5]] = letter


def _prefix(made: Made, number: int) -> str:
    version, minor = made.version
    mark = "" if (version, minor) == (1, 0) else f"v{version}" + (f".{minor}" if minor else "")
    template = made.options.get("prefix", "PATCH")
    if "{v}" not in template:
        template += " {v}"
    words = template.replace("{v}", mark).split()
    total = len(made.sections)
    if total > 1 or made.posting.cover is not None:
        words.append(f"{number:0{len(str(total))}}/{total}")
    return " ".join(words)
