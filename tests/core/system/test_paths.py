"""Files stay where the XDG specification puts them, for the user alone."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import PatchdeskError
from core.system.paths import config_file, data_dir, private_dir, replace_file, write_atomically


def test_xdg_variables_are_followed_where_they_are_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    assert data_dir() == tmp_path / ".local/share/patchdesk"
    assert config_file() == tmp_path / "etc/patchdesk/config.toml"


def test_files_and_folders_are_private_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    write_atomically(file, b"one")
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in file.parent.iterdir()] == ["file"]


def test_a_link_stays_one_and_what_is_private_becomes_so(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_bytes(b"one")
    real.chmod(0o644)
    link = tmp_path / "folder" / "config.toml"
    link.parent.mkdir()
    link.symlink_to(real)
    write_atomically(link, b"two")
    assert link.is_symlink()
    assert real.read_bytes() == b"two"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_another_file_keeps_its_mode_and_a_pipe_is_written_to(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    replace_file(page, b"one")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    page.chmod(0o644)
    replace_file(page, b"two")
    assert stat.S_IMODE(page.stat().st_mode) == 0o644
    replace_file(Path("/dev/null"), b"three")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(PatchdeskError, match="cannot be written"):
        replace_file(tmp_path, b"four")
    with pytest.raises(PatchdeskError, match="cannot be written"):
        replace_file(tmp_path / "a\0b", b"five")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["page.html"]


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """As an RLIMIT_FSIZE makes it, in a child since it holds for all files."""
    page = tmp_path / "page"
    page.write_bytes(b"one")
    code = (
        "import resource, signal, sys; from pathlib import Path; from core.system.paths import replace_file\n"
        "from core.errors import PatchdeskError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: replace_file(Path(sys.argv[1]), b'x' * 5000)\n"
        "except PatchdeskError as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(page)], capture_output=True, text=True, check=True
    )
    assert "cannot be written: File too large" in done.stdout
    assert page.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page"]


def test_no_home_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _uid: (_ for _ in ()).throw(KeyError))
    with pytest.raises(PatchdeskError, match="no home"):
        data_dir()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PatchdeskError, match="cannot be made"):
        private_dir(tmp_path / "file" / "folder")
