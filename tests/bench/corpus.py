"""The mails that are measured: real ones from beside the project where they are there, else made up."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Event

from core.model import RawMail
from core.patch.mboxrd import to_mboxrd
from core.sources.public_inbox import open_archive

ROOT = Path(__file__).resolve().parents[2]
KVM_PPC = ROOT.parent / "shared" / "archives" / "kvm-ppc.bundle"


def kvm_ppc(folder: Path) -> Path | None:
    """Return kvm-ppc as a public-inbox v2 folder in `folder`, or None where its bundle is not there."""
    if not KVM_PPC.exists():
        return None
    epoch = folder / "kvm-ppc" / "git" / "0.git"
    if not epoch.exists():
        subprocess.run(["git", "clone", "--quiet", "--mirror", KVM_PPC, epoch], check=True)
    return folder / "kvm-ppc"


def mails_of(inbox: Path) -> list[RawMail]:
    """Return every mail of a public-inbox folder."""
    source = open_archive(inbox)
    try:
        return list(source.mails(stop=Event(), report=lambda _: None))
    finally:
        source.close()


def mbox_of(mails: list[RawMail], path: Path, count: int) -> Path:
    """Write the first `count` mails as an mbox."""
    path.write_bytes(to_mboxrd(mail.raw for mail in mails[:count]))
    return path
