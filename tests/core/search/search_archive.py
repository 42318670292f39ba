"""A real list to search: kvm-ppc, read from the bundle beside the project, and questions to it that stand in a file."""

from __future__ import annotations

import subprocess
from pathlib import Path

from core.mail.message import parse_message
from core.search.fuzzy.index import FuzzyEntry
from tests.core.search.search_corpus import Question

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT.parent / "shared" / "archives" / "kvm-ppc.bundle"
DATA = ROOT / "tests" / "data" / "search"


def kvm_ppc(folder: Path) -> list[FuzzyEntry]:
    """Return a row for every mail that is no reply; `folder` is to work in."""
    repository = folder / "kvm-ppc.git"
    subprocess.run(["git", "clone", "--quiet", "--mirror", BUNDLE, repository], check=True)
    listed = _git(repository, "log", "--format=%H %s").decode("utf-8", "replace").splitlines()
    names = [line.split()[0] for line in listed if not line[41:].lower().startswith("re:")]
    messages = (parse_message(raw) for raw in _blobs(repository, [f"{name}:m" for name in names]))
    return [
        FuzzyEntry(
            row=row,
            subject=message.subject.title,
            name=message.author.name,
            address=message.author.address,
            message_id=message.message_id,
            date=int(message.date.timestamp()),
            version=message.subject.version,
            is_series=message.subject.number == 0,
        )
        for row, message in enumerate(messages)
        if not message.subject.is_reply
    ]


def questions(entries: list[FuzzyEntry]) -> list[Question]:
    """Return the questions of the file, with the rows of the Message-IDs that it names."""
    rows = {entry.message_id: entry.row for entry in entries}
    lines = (DATA / "kvm-ppc.tsv").read_text(encoding="utf-8").splitlines()
    asked = [line.split("\t") for line in lines if not line.startswith("#")]
    return [Question(kind, query, rows[message_id]) for kind, query, message_id in asked]


def nothing() -> list[str]:
    """Return queries that are to find nothing anywhere."""
    return (DATA / "nothing.txt").read_text(encoding="utf-8").splitlines()


def _git(repository: Path, *command: str, given: bytes | None = None) -> bytes:
    done = subprocess.run(
        ["git", "--git-dir", repository, *command], input=given, capture_output=True, check=True
    )
    return done.stdout


def _blobs(repository: Path, names: list[str]) -> list[bytes]:
    answer = _git(repository, "cat-file", "--batch", given="\n".join(names).encode())
    blobs = []
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        head = answer[at:end].split()
        at = end + 1
        if head[-1] != b"missing":  # a commit that removed a mail
            size = int(head[2])
            blobs.append(answer[at : at + size])
            at += size + 1
    return blobs
