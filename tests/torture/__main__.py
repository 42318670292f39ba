"""`make torture`: all parsers under the fuzzer, all slow tests, hypothesis longer, and the monsters at full size.

With few minutes it is a sample. Writes what was found to `.torture/`, which is where the next run goes on.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.torture.targets import TARGETS

FOLDER: Final = Path(".torture")
SAMPLE: Final = 1.0
"""Minutes for each parser below which a run is a sample: monsters stay small, and hypothesis as it is."""
_UNITS: Final = re.compile(rb"number_of_executed_units: (\d+)")


def fuzz(name: str, minutes: float) -> bool:
    """Run one parser under the fuzzer; tell whether it held."""
    log = FOLDER / f"{name}.log"
    command = [
        sys.executable,
        "-m",
        "tests.torture.fuzz",
        name,
        str(FOLDER),
        str(int(minutes * 60)),
    ]
    with log.open("wb") as out:
        status = subprocess.run(command, stdout=out, stderr=out, check=False).returncode
    found = _UNITS.search(log.read_bytes())
    print(
        f"{name}: {int(found[1]) if found else 0:,} inputs, {'held' if status == 0 else f'BROKE, see {log}'}",
        flush=True,
    )
    return status == 0


def main() -> int:
    """Return 0 where everything held."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="for each parser (default 10)")
    parser.add_argument("targets", nargs="*", help="all unless said")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    broken = []
    longer = arguments.minutes
    if importlib.util.find_spec("atheris") is None:
        print(
            "There is no atheris here (pip install -e '.[torture]'): hypothesis runs longer instead.",
            flush=True,
        )
        longer *= 3
    else:
        broken = [name for name in names if not fuzz(name, arguments.minutes)]
    if longer >= SAMPLE and not arguments.targets:
        environment = {
            **os.environ,
            "TORTURE_EXAMPLES": str(int(150 * longer)),
            "TORTURE_FULL": "1",
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--timeout=3600",
            "-m",
            "slow or torture",
            "tests",
        ]
        if subprocess.run(command, env=environment, check=False).returncode:
            broken.append("the slow tests")
    if broken:
        print(f"Broke: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
