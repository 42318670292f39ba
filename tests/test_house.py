"""The wheel, what is imported when, and what stands where."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_core_and_tui_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "core", "tui"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert held == {name for name in tracked if (ROOT / name).exists()}
    assert {"core/py.typed", "tui/py.typed", "tui/app.tcss"} <= held


def test_the_wheel_installs_clean_and_runs(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [str(venv / "bin" / "pip"), "--disable-pip-version-check", "--quiet"]
    install = subprocess.run(
        [*pip, "install", "--constraint", str(ROOT / "constraints.txt"), str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    if install.returncode and "CI" not in os.environ:
        pytest.skip(f"no package index to install from: {install.stderr[-200:]}")
    assert install.returncode == 0, install.stderr
    subprocess.run([*pip, "check"], check=True)
    # Run from a folder with a hostile core/: the installed one must be used.
    hostile = tmp_path / "elsewhere" / "core"
    hostile.mkdir(parents=True)
    (hostile / "__init__.py").write_text("raise SystemExit('the wrong core was imported')")
    said = subprocess.run(
        [venv / "bin" / "patchdesk", "--version"],
        cwd=hostile.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith("patchdesk ")


HEAVY = {"textual", "rich", "b4", "liblore", "rapidfuzz", "numpy", "pygit2", "pygments", "requests"}


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import tui.cli.main", HEAVY),
        (
            "import tui.cli.main; tui.cli.main.build_parser(tui.cli.main.COMMANDS).format_help()",
            HEAVY,
        ),
        ("import core.config", HEAVY),
        (
            "import core.desk.target_desk",
            {"textual", "rich", "b4", "liblore", "requests", "pygments"},
        ),
        ("import tui.app", {"b4", "liblore", "requests", "pygit2", "pygments.lexers.c_cpp"}),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_wanted(code: str, forbidden: set[str]) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert forbidden & set(loaded) == set()


def test_no_file_grows_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("core", "tui")
        for path in (ROOT / folder).rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 450
    }
    assert long == {}
