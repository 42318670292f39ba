"""What remembers the decisions on what was opened: the user's journal; for the demo one that lasts as long as the program."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.triage_service import Triage
    from core.index.index import Index
    from tui.desk.requests import Session


def triage_opener(config: Config) -> Callable[[Session], Triage]:
    """Return what gives the decisions on an opening: it may block, and is asked for in a thread."""

    def opened(session: Session) -> Triage:
        from core.config import with_git
        from core.desk.triage_service import Journal, Triage
        from core.system.paths import data_dir
        from core.triage.journal import FILE

        folder = data_dir()
        if _is_demo(session.target):
            folder = Path(tempfile.mkdtemp(prefix="patchdesk-demo-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        index: Index | None = getattr(session.desk, "index", None)
        me = with_git(config).me_addresses
        repos = {name: one.repo for name, one in config.lists.items() if one.repo}
        return Triage(index, Journal(folder / FILE), me, repos=repos)

    return opened


def _is_demo(target: str) -> bool:
    from core.demo import demo_path

    with demo_path() as path:
        return target == str(path)
