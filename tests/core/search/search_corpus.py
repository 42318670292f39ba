"""A made-up archive to search, and questions to it with the row that each means; all from a seed.

Subsystems, things and people are invented; the words are those that patches are made of.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.search.fuzzy.index import FuzzyEntry

SUBSYSTEMS = [
    "net",
    "mm",
    "sched",
    "block",
    "crypto",
    "ext4",
    "btrfs",
    "drm",
    "usb",
    "i2c",
    "spi",
    "gpio",
    "iio",
    "hwmon",
    "thermal",
    "cpufreq",
    "clk",
    "regulator",
    "pinctrl",
    "media",
    "sound",
    "pci",
    "nvme",
    "scsi",
    "tracing",
    "perf",
    "bpf",
    "rcu",
    "locking",
    "futex",
    "io_uring",
    "fuse",
    "overlayfs",
    "tty",
    "serial",
    "watchdog",
    "rtc",
    "power",
    "memfd",
    "tpm",
    "selinux",
    "audit",
    "docs",
    "selftests",
    "kbuild",
]
PARTS = [
    "core",
    "arm64",
    "x86",
    "riscv",
    "powerpc",
    "s390",
    "qcom",
    "intel",
    "amd",
    "mediatek",
    "rockchip",
    "imx",
    "tegra",
    "sun50i",
    "bcm2835",
    "realtek",
    "broadcom",
    "allocator",
    "dispatcher",
    "pmu",
    "cache",
    "ring",
    "uevent",
]
VERBS = [
    "add",
    "fix",
    "remove",
    "rename",
    "convert",
    "move",
    "introduce",
    "document",
    "drop",
    "refactor",
    "simplify",
    "avoid",
    "prevent",
    "handle",
    "allow",
    "reject",
    "support",
    "implement",
    "replace",
    "split",
    "merge",
    "export",
    "hide",
    "cleanup",
    "optimise",
    "disable",
    "enable",
    "restore",
    "validate",
    "serialise",
]
KINDS = [
    "missing",
    "stale",
    "redundant",
    "spurious",
    "broken",
    "unused",
    "duplicate",
    "deprecated",
    "lockless",
    "per-cpu",
    "global",
    "nested",
    "partial",
    "asynchronous",
    "speculative",
    "unaligned",
    "oversized",
    "negative",
    "recursive",
    "persistent",
    "transparent",
    "optional",
    "dynamic",
]
THINGS = [
    "partitioning",
    "counters",
    "descriptor",
    "refcount",
    "bitmap",
    "histogram",
    "watermark",
    "doorbell",
    "mailbox",
    "interrupt",
    "handler",
    "worker",
    "queue",
    "scatterlist",
    "bounce_buffer",
    "page_table",
    "guest_memfd",
    "pagecache",
    "timestamp",
    "deadline",
    "throttle",
    "quota",
    "snapshot",
    "checksum",
    "signature",
    "keyring",
    "firmware",
    "bootloader",
    "overlay",
    "regmap",
    "codec",
    "panel",
    "backlight",
    "framebuffer",
    "endpoint",
    "controller",
    "hotplug",
    "suspend",
    "wakeup",
    "clocksource",
    "tickless",
    "idle",
    "governor",
    "voltage",
    "sensor",
    "calibration",
    "threshold",
    "trampoline",
    "breakpoint",
    "watchpoint",
    "callgraph",
    "tracepoint",
    "ringbuffer",
    "epoll",
    "eventfd",
    "splice",
    "readahead",
    "writeback",
    "journal",
    "extent",
    "inode",
    "dentry",
    "symlink",
    "xattr",
    "mountpoint",
    "namespace",
    "cgroup",
    "capability",
    "syscall",
    "vsyscall",
    "signal",
    "mutex",
    "spinlock",
    "seqcount",
    "barrier",
    "lockdep",
    "preemption",
    "migration",
    "affinity",
    "topology",
    "hypercall",
    "paravirt",
    "balloon",
]
LINKS = ["in", "on", "for", "from", "with", "during", "after", "before", "across", "without"]
GIVEN = [
    "Anna",
    "Bertil",
    "Cédric",
    "Dagmar",
    "Émile",
    "Fiona",
    "Günther",
    "Håkon",
    "Ines",
    "Jörg",
    "Kateřina",
    "Łukasz",
    "Miloš",
    "Núria",
    "Ole",
    "Petra",
    "Quentin",
    "Renée",
    "Søren",
    "Tomáš",
    "Ursula",
    "Věra",
    "Wojciech",
    "Xenia",
    "Yusuf",
    "Zoë",
    "Marta",
    "Nikolai",
    "Priya",
    "Rashid",
    "Soledad",
    "Takumi",
    "Umberto",
    "Violeta",
]
FAMILY = [
    "Krčmář",
    "Schlameuß",
    "Ørsted",
    "Żółkiewski",
    "Müller-Lüdenscheid",
    "Colton",
    "Lindqvist",
    "Åkesson",
    "Novák",
    "Dvořáček",
    "Petrović",
    "Çelik",
    "Yıldırım",
    "Đorđević",
    "Fernández",
    "Peña",
    "Château",
    "Lefèvre",
    "Straße",
    "Größe",
    "Haugen",
    "Bjørnson",
    "Sæther",
    "Þórsson",
    "Kovács",
    "Tőkés",
    "Szabó",
    "Almeida",
    "Conceição",
    "Pereira",
    "Rossi",
    "Bianchi",
    "Okafor",
    "Adeyemi",
    "Banerjee",
    "Iyer",
    "Nakamura",
    "Watanabe",
    "Thistlewood",
    "Ashcombe",
]
OTHER_SCRIPTS = (
    ("Марина Соколова", "sokolova"),
    ("山田太郎", "t.yamada"),
    ("Γιώργος Παπαδάκης", "gpapadakis"),
    ("שירה לוי", "shiralevi"),
    ("김민준", "minjun.kim"),
    ("李小龍", "xiaolong.li"),
)
HOSTS = ("example.org", "mail.example.com", "kernel.example.net", "labs.example.edu", "box.invalid")
SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "zu",
    "bra",
    "cle",
    "dri",
    "flo",
    "gru",
    "ste",
    "pla",
    "tro",
]
NOTHING = (
    "qwxzvk",
    "vvvvvvvvvv",
    "kubernetes cluster",
    "blockchain",
    "photoshop plugin",
    "xylophone",
    "hqzzt watermark",
    "doorbell kubernetes",
    "9q8w7e6r5t",
    "nobody@nowhere.example.org",
    "zyxwvutsrq",
    "grace hopper",
    "lorem ipsum",
    "javascript",
    "ĥĵŝŭ",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and the row it means; None is nothing."""

    kind: str
    query: str
    row: int | None


def corpus(seed: int, titles: int = 1500) -> list[FuzzyEntry]:
    """Return rows: each title once, or in up to four versions, the newer later."""
    chance = random.Random(seed)
    people = list(_people(chance))
    entries: list[FuzzyEntry] = []
    date = 1_500_000_000
    for _ in range(titles):
        title = _title(chance)
        name, address = chance.choice(people)
        for version in range(1, chance.choice((1, 1, 1, 2, 3, 4)) + 1):
            date += chance.randrange(60, 90_000)
            row = len(entries)
            entries.append(
                FuzzyEntry(
                    row=row,
                    subject=title,
                    name=name,
                    address=address,
                    message_id=f"{date}.{chance.randrange(10**6)}-{row % 17}-{address}",
                    date=date,
                    version=version,
                    is_series=chance.random() < 0.2,
                )
            )
    return entries


def _title(chance: random.Random) -> str:
    thing = chance.choice(THINGS)
    if chance.random() < 0.4:  # an identifier, as every subsystem has its own
        thing = (
            f"{''.join(chance.choices(SYLLABLES, k=chance.randint(2, 3)))}_{chance.choice(THINGS)}"
        )
    words = [f"{chance.choice(SUBSYSTEMS)}:"]
    if chance.random() < 0.5:
        words.append(f"{chance.choice(PARTS)}:")
    words += [chance.choice(VERBS), chance.choice(KINDS), thing]
    if chance.random() < 0.7:
        words += [chance.choice(LINKS), chance.choice(KINDS), chance.choice(THINGS)]
    return " ".join(words)


def _people(chance: random.Random) -> Iterator[tuple[str, str]]:
    for name, local in OTHER_SCRIPTS:
        yield name, f"{local}@{chance.choice(HOSTS)}"
    for _ in range(200):
        given, family = chance.choice(GIVEN), chance.choice(FAMILY)
        local = chance.choice(("{0}.{1}", "{0}{1}", "{1}", "{2}{1}"))
        plain = local.format(_plain(given), _plain(family), _plain(given)[0])
        yield f"{given} {family}", f"{plain}@{chance.choice(HOSTS)}"


def _plain(text: str) -> str:
    """Return a name as people type it, without the letters their keyboard lacks."""
    text = text.lower()
    for letter, typed in zip("ßłøđıæþ", ("ss", "l", "o", "d", "i", "ae", "th"), strict=True):
        text = text.replace(letter, typed)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^a-z]", "", text)


@dataclass(frozen=True, slots=True)
class _Typed:
    """The typed text, the words meant by it, and the version asked for."""

    query: list[str]
    right: list[str]
    version: int = 0


class Asker:
    """Makes questions whose words, rightly spelt, are all found under one title and author only."""

    def __init__(self, entries: list[FuzzyEntry], seed: int) -> None:
        self._chance = random.Random(seed)
        self._entries = entries
        self._texts = [f"{_typed(e.subject)} {_typed(e.name)} {e.address}" for e in entries]
        self._makers: dict[str, Callable[[FuzzyEntry, list[str]], _Typed | None]] = {
            "exact": lambda entry, words: _Typed([entry.subject], [entry.subject.lower()]),
            "prefix": self._prefix,
            "order": self._order,
            "initials": self._initials,
            "typo": lambda entry, words: self._slipped(words, self._slip),
            "transposition": lambda entry, words: self._slipped(words, self._swapped),
            "accents": self._accents,
            "address": self._address,
            "mixed": self._mixed,
        }

    def questions(self, each: int) -> list[Question]:
        """Return `each` questions of every class."""
        return [self._question(kind) for kind in self._makers for _ in range(each)]

    def _question(self, kind: str) -> Question:
        while True:
            entry = self._chance.choice(self._entries)
            words = re.findall(r"[a-z0-9]+", entry.subject.lower())
            typed = self._makers[kind](entry, words)
            if typed is not None and (row := self._meant(typed, entry)) is not None:
                return Question(kind, " ".join(typed.query), row)

    def _meant(self, typed: _Typed, entry: FuzzyEntry) -> int | None:
        """Return the newest row of the entry's title, where the right words are in no other's text."""
        found = [
            self._entries[row]
            for row, text in enumerate(self._texts)
            if all(word in text for word in typed.right)
        ]
        if {(e.subject, e.address) for e in found} != {(entry.subject, entry.address)}:
            return None
        asked = [e for e in found if typed.version in (0, e.version)]
        return max(asked, key=lambda e: e.date).row

    def _chosen(self, words: list[str], count: int, least: int = 3) -> list[str]:
        long = list(dict.fromkeys(word for word in words if len(word) >= least))
        return self._chance.sample(long, min(count, len(long)))

    def _order(self, entry: FuzzyEntry, words: list[str]) -> _Typed:
        chosen = self._chosen(words, 3)
        return _Typed(chosen, chosen)

    def _prefix(self, entry: FuzzyEntry, words: list[str]) -> _Typed:
        chosen = self._chosen(words, 3)
        begun = [word[: self._chance.randint(3, max(3, len(word) - 1))] for word in chosen]
        return _Typed(begun, begun)

    def _initials(self, entry: FuzzyEntry, words: list[str]) -> _Typed:
        """Return the beginnings of three or four words in a row, now and then the first letters of seven."""
        count, letters = self._chance.choice(((3, 4), (3, 3), (4, 3), (7, 1)))
        at = self._chance.randrange(max(1, len(words) - count + 1))
        right = words[at : at + count]
        return _Typed(["".join(word[:letters] for word in right)], right)

    def _slipped(self, words: list[str], slip: Callable[[str], str]) -> _Typed | None:
        chosen = self._chosen(words, 2)
        longest = max(chosen, key=len)
        if len(longest) < 5:
            return None
        return _Typed([slip(word) if word == longest else word for word in chosen], chosen)

    def _slip(self, word: str) -> str:
        """Return a word with a letter wrong, missing, doubled or too many; the first is right."""
        at = self._chance.randrange(1, len(word))
        letter = self._chance.choice("abcdefghijklmnopqrstuvwxyz")
        return self._chance.choice(
            (
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at - 1] + word[at:],
                word[:at] + letter + word[at:],
            )
        )

    def _swapped(self, word: str) -> str:
        at = self._chance.choice([at for at in range(len(word) - 1) if word[at] != word[at + 1]])
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def _accents(self, entry: FuzzyEntry, words: list[str]) -> _Typed | None:
        if entry.name.isascii():
            return None
        chosen = self._chosen(words, 2)
        names = [_plain(part) for part in entry.name.split()]
        if not all(names):  # another script: by the address
            names = [entry.address.split("@")[0]]
        chosen.append(self._chance.choice(names))
        return _Typed(chosen, chosen)

    def _address(self, entry: FuzzyEntry, words: list[str]) -> _Typed:
        chosen = self._chosen(words, 2)
        local, _, host = entry.address.partition("@")
        chosen.append(
            self._chance.choice(
                (entry.address, local, f"{local}@", f"{local}@{host[:4]}", local[2:], local[:-1])
            )
        )
        return _Typed(chosen, chosen)

    def _mixed(self, entry: FuzzyEntry, words: list[str]) -> _Typed | None:
        """Return a slip, a beginning, a part of the name, and at times the version."""
        chosen = self._chosen(words, 2, 6)
        if len(chosen) < 2 or entry.name.split()[-1] not in FAMILY:
            return None
        family = _plain(entry.name.split()[-1])[:5]
        query = [family, self._slip(chosen[0]), chosen[1][:4]]
        self._chance.shuffle(query)
        version = 0
        if entry.version > 1 and self._chance.random() < 0.5:
            version = entry.version
            query.append(f"v{version}")
        return _Typed(query, [family, chosen[0], chosen[1][:4]], version)


def _typed(text: str) -> str:
    return " ".join(_plain(word) or word for word in text.split()) + " " + text.lower()
