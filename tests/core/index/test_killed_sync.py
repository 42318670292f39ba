"""A sync that is killed while its index is grouped again by other rules ends, with the next one, as a fresh index."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    "points", [4, pytest.param(100, marks=[pytest.mark.torture, pytest.mark.timeout(900)])]
)
def test_a_killed_sync_with_other_rules_ends_as_a_fresh_index(tmp_path: Path, points: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.index.killed_sync", str(tmp_path), str(points)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(points)]
