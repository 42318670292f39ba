"""The named monsters through the program itself: in bounded time and memory, with an answer, and a note on each cut."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.large import FULL, MB, MONSTERS, write

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 700 * MB if FULL else 350 * MB
"""Resident, at most; what is addressed may be more, since files are mapped."""


# Between the tests and the program: what a process starts begins with its own size as the most it ever had.
_MEASURE = """
import json, resource, subprocess, sys
seconds, told, *words = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
status = subprocess.run([sys.executable, "-P", "-m", "tui.cli.main", *words]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(told, "w") as file:
    json.dump([status, used.ru_utime + used.ru_stime, used.ru_maxrss << 10], file)
"""


def run(home: Path, *arguments: str, seconds: float) -> tuple[int, bytes, bytes, float, int]:
    """Run a command within limits; return status, output, complaints, CPU seconds and most bytes resident."""
    told = home / "used"
    with (home / "out").open("w+b") as out, (home / "err").open("w+b") as err:
        subprocess.run(
            [sys.executable, "-c", _MEASURE, str(int(seconds * 3) + 20), str(told), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "LC_ALL": "C.UTF-8",
                "PYTHONPATH": str(ROOT),
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            check=True,
        )
        out.seek(0)
        err.seek(0)
        status, used, memory = json.loads(told.read_text())
        return status, out.read(), err.read(), used, memory


@pytest.mark.timeout(900 if FULL else 120)
@pytest.mark.parametrize("name", MONSTERS)
def test_a_monster_is_read_in_bounds(name: str, tmp_path: Path) -> None:
    monster = MONSTERS[name]
    path = tmp_path / f"monster{monster.suffix}"
    size = write(monster, path)
    allowed = monster.seconds * (1 if FULL else 0.05) + 3
    commands = [
        ["series", str(path), "--all", "--json"],
        ["show", monster.found, "--in", str(path), "--json"],
    ]
    commands.append(["show", monster.found, "--in", str(path)])
    outputs = []
    for command in commands:
        status, out, err, seconds, memory = run(tmp_path, *command, seconds=allowed)
        print(
            f"{name}: {size / MB:.1f} MB, {command[0]}: {seconds:.1f} s, {memory / MB:.0f} MB, status {status}"
        )
        assert b"Traceback" not in err, err[-2000:]
        assert status == 0, (command, err[-500:])
        assert seconds < allowed, command
        assert memory < MEMORY, command
        outputs.append(out)
    found = {json.loads(line)["id"] for line in outputs[0].splitlines()}
    assert found
    mail = json.loads(outputs[1])
    assert mail["message_id"] == monster.found
    if monster.says and FULL:
        assert monster.says in " ".join(mail["capped"]), mail["capped"]
    path.unlink()
