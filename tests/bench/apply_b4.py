"""What b4 makes of a version: its base, and its mbox. The oracle of tests/bench/apply.py."""

from __future__ import annotations

import email
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.mail.message import parse_message
from core.sources.mbox import to_mboxrd


def b4_base(raws: Sequence[bytes], repository: Path) -> str | None:
    """Return the base that `b4 am --guess-base` finds; None where it finds none."""
    import b4

    box = b4.LoreMailbox()
    for raw in raws:
        box.add_message(email.message_from_bytes(raw, policy=b4.emlpolicy))
    with suppress(Exception):  # whatever it stumbles over, it gives no base
        series = box.get_series(codereview_trailers=False)
        if series is not None:
            return str(series.find_base(str(repository), maxdays=14)[0])
    return None


def b4_mbox(raws: Sequence[bytes], repository: Path) -> bytes | None:
    """Return the mbox that `b4 am` writes; None where it writes none."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.mbox")
        source.write_bytes(to_mboxrd(raws))
        program = Path(sys.executable).with_name("b4")
        done = subprocess.run(
            [program, "--no-interactive", "--offline-mode", "am", "-m", source, "-o", folder, "--no-cover", parse_message(raws[0]).message_id],
            cwd=repository,
            capture_output=True,
            check=False,
        )  # fmt: skip
        made = sorted(Path(folder).glob("*.mbx"))
        return made[0].read_bytes() if done.returncode == 0 and made else None
