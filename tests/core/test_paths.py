"""Files stay where the XDG specification puts them, for the user alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from core.errors import PatchdeskError
from core.paths import config_file, data_dir, private_dir, write_atomically


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


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PatchdeskError, match="cannot be made"):
        private_dir(tmp_path / "file" / "folder")
