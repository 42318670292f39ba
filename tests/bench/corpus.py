"""The mails that are measured: real ones from beside the project where they are there, else made up.

PATCHDESK_ARCHIVES names more, with `:` between them: public-inbox folders or bare epochs. The first that has 100,100
mails shows how things grow.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from threading import Event

from core.model import RawMessage
from core.sources.mbox import to_mboxrd
from core.sources.public_inbox import open_archive

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("PATCHDESK_BENCH_SHARED") or ROOT.parent / "shared")
KVM_PPC = SHARED / "archives" / "kvm-ppc.bundle"


def kvm_ppc(folder: Path) -> Path | None:
    """Return kvm-ppc as a public-inbox v2 folder in `folder`, or None where its bundle is not there."""
    if not KVM_PPC.exists():
        return None
    epoch = folder / "kvm-ppc" / "git" / "0.git"
    if not epoch.exists():
        subprocess.run(["git", "clone", "--quiet", "--mirror", KVM_PPC, epoch], check=True)
    return folder / "kvm-ppc"


def more_archives() -> list[Path]:
    """Return the archives that the environment names and that are there."""
    named = os.environ.get("PATCHDESK_ARCHIVES", "").split(":")
    return [Path(path) for path in named if path and Path(path).is_dir()]


def large_epoch(least: int) -> Path | None:
    """Return an epoch of those archives that has at least so many commits."""
    for archive in more_archives():
        epochs = sorted((archive / "git").glob("*.git")) or [archive]
        count = ["git", "-C", str(epochs[-1]), "rev-list", "--count", "HEAD"]
        done = subprocess.run(count, capture_output=True, text=True, check=False)
        if done.returncode == 0 and int(done.stdout) >= least:
            return epochs[-1]
    return None


def newest_of(epoch: Path, folder: Path, count: int, before: int = 0) -> Path:
    """Return a public-inbox folder of the newest `count` mails of an epoch, but for the last `before`."""
    part = folder / "git" / "0.git"
    if not part.exists():
        subprocess.run(["git", "init", "--quiet", "--bare", "-b", "master", part], check=True)
        shutil.copytree(
            epoch / "objects", part / "objects", copy_function=_link, dirs_exist_ok=True
        )
    commits = subprocess.run(
        ["git", "-C", epoch, "rev-list", f"--max-count={count + before}", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    (part / "shallow").write_text(f"{commits[-1]}\n")
    subprocess.run(
        ["git", "-C", part, "update-ref", "refs/heads/master", commits[before]], check=True
    )
    return folder


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy(source, target)


def mails_of(inbox: Path) -> list[RawMessage]:
    """Return every mail of a public-inbox folder."""
    source = open_archive(inbox)
    try:
        return list(source.mails(stop=Event(), report=lambda _: None))
    finally:
        source.close()


def mbox_of(mails: list[RawMessage], path: Path, count: int) -> Path:
    """Write the first `count` mails as an mbox."""
    path.write_bytes(to_mboxrd(mail.raw for mail in mails[:count]))
    return path


def write_mbox(mails: Iterable[RawMessage], path: Path) -> int:
    """Write mails as an mbox, one after the other; return how many there were."""
    with path.open("wb") as file:
        return sum(file.write(to_mboxrd([mail.raw])) > 0 for mail in mails)
