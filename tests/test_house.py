"""The wheel, imports at start, and the rules of the layout."""

from __future__ import annotations

import ast
import graphlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import grimp
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


def test_the_wheel_holds_core_tui_and_the_command(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    data = {name for name in held if name.split("/")[0].endswith(".data")}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "core", "tui"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert held - data == {name for name in tracked if (ROOT / name).exists()}
    assert {"core/py.typed", "tui/py.typed", "tui/app.tcss"} <= held
    assert {name.partition("/")[2] for name in data} == {
        "scripts/patchdesk",
        "data/share/man/man1/patchdesk.1",
        "data/share/man/man5/patchdesk-config.5",
        "data/share/man/man7/patchdesk-keys.7",
        "data/share/man/man7/patchdesk-query.7",
    }


def hostile_folder(folder: Path) -> Path:
    """Return a folder in which every module that a command could import by mistake ends it."""
    for name in ("core/__init__.py", "tui/__init__.py", "core.py", "tui.py", "patchdesk.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"raise SystemExit('the wrong {name} was imported')")
    return folder


@pytest.mark.parametrize("python_path", [None, ".", "", ":", "HOSTILE", "HOSTILE/core:."])
def test_the_command_imports_nothing_from_where_it_stands(
    tmp_path: Path, python_path: str | None
) -> None:
    hostile = hostile_folder(tmp_path / "checkout")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    if python_path is not None:
        environment["PYTHONPATH"] = python_path.replace("HOSTILE", str(hostile))
    for words in (["--version"], ["series", os.devnull]):
        done = subprocess.run(
            [Path(sys.executable).with_name("patchdesk"), *words],
            cwd=hostile,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "wrong" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert hostile_is_armed(hostile)


def hostile_is_armed(hostile: Path) -> bool:
    """Tell whether Python itself, which has no such guard, imports what lies there."""
    done = subprocess.run(
        [sys.executable, "-c", "import core"],
        cwd=hostile,
        env={"PYTHONPATH": str(hostile)},
        capture_output=True,
        text=True,
        check=False,
    )
    return "the wrong core" in done.stderr


@pytest.mark.slow
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
    hostile = hostile_folder(tmp_path / "checkout")
    said = subprocess.run(
        [venv / "bin" / "patchdesk", "--version"],
        cwd=hostile,
        env={**os.environ, "PYTHONPATH": str(hostile)},
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
        ("import core.desk.arrived_replies", {"sqlite3", "core.index.index"}),
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


def sources() -> list[Path]:
    """Return every Python file of the program."""
    return [path for folder in ("core", "tui") for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_no_function_is_longer_than_50_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}: {node.name}": lines
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > 50
    }
    assert long == {}


def test_few_modules_stand_on_top_of_core() -> None:
    assert len([path for path in (ROOT / "core").glob("*.py") if path.name != "__init__.py"]) <= 10


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports inside functions and under TYPE_CHECKING count; a child process imports itself by its name."""
    graph = grimp.build_graph("core", "tui", cache_dir=None)
    imports = {
        module: {
            imported
            for imported in graph.find_modules_directly_imported_by(module)
            if imported != module
        }
        for module in graph.modules
    }
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"imported by: {' -> '.join(error.args[1])}")


def test_the_map_is_true() -> None:
    """ARCHITECTURE.md names every package, and no file that is not there."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    packages = [
        path.parent for folder in ("core", "tui") for path in (ROOT / folder).glob("*/__init__.py")
    ]
    assert [package.name for package in packages if f"{package.name}/" not in text] == []
    named = re.findall(r"`((?:core/|tui/)?[a-z_]+/[a-z_/]+\.py)`", text)
    assert len(named) > 10
    assert [
        name
        for name in named
        if not any((ROOT / start / name).exists() for start in ("", "core", "tui"))
    ] == []


def test_errors_py_names_every_error_of_the_program() -> None:
    named = ast.get_docstring(ast.parse((ROOT / "core/errors.py").read_text())) or ""
    children = {"PatchdeskError"}
    while True:
        found = {
            node.name
            for path in sources()
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ClassDef)
            and any(isinstance(base, ast.Name) and base.id in children for base in node.bases)
        }
        if found <= children:
            break
        children |= found
    assert len(children) > 10
    assert sorted(name for name in children if not re.search(rf"\b{name}\b", named)) == []
