"""Following lists: valid targets, and that config.toml keeps its owner's layout."""

from __future__ import annotations

import multiprocessing
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import LIST_NAME, FollowedList, load_config
from core.errors import ConfigError, PatchdeskError, TargetError
from core.sync.follow import (
    SyncMethod,
    check_name,
    check_target,
    follow,
    name_from_target,
    sync_method_of,
    unfollow,
)
from tests.core.inboxes import Epoch, mail

LORE = "https://lore.kernel.org/kvm"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "config.toml"


@pytest.mark.parametrize("name", ["kvm", "kvm-ppc", "u-boot.2", "9p", "a" * 64, "X_y+z"])
def test_names_that_are_taken(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".git", "a/b", "../x", "-x", "a b", "a\n", "a" * 65, "ü", "a\0", "\x1b[2J"],
)
def test_names_that_are_not(name: str, file: Path) -> None:
    with pytest.raises(ConfigError, match="not a valid name for a list"):
        follow(name, LORE, file)
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("https://lore.kernel.org/kvm/", LORE),
        ("http://lore.kernel.org/kvm", LORE),
        ("https://lore.kernel.org/kvm/0", LORE),
        ("https://lore.kernel.org/kvm/git/12.git", LORE),
        ("https://lore.kernel.org/kvm/git/12.git/", LORE),
        ("https://lore.kernel.org/kvm/manifest.js.gz", LORE),
        ("https://lore.kernel.org/kvm/new.atom", LORE),
        ("https://lore.kernel.org/kvm/_/text/help/", LORE),
        (" https://lore.kernel.org/kvm/#x ", LORE),
        ("HTTPS://Lists.Example.ORG:8080/a/b//", "https://lists.example.org:8080/a/b"),
        ("http://[::1]:81/kvm", "http://[::1]:81/kvm"),
        ("https://inbox.sourceware.org/binutils", "https://inbox.sourceware.org/binutils"),
    ],
)
def test_addresses_of_lists(text: str, taken: str) -> None:
    assert check_target(text) == taken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-", "Standard input cannot be followed"),
        ("https://lore.kernel.org/", "is a server's address"),
        ("https://lore.kernel.org/kvm/20250602-x@example.org/", "address of a message"),
        ("https://lore.kernel.org/kvm/20250602-x%40example.org/T/", "address of a message"),
        ("https://lore.kernel.org/kvm/?q=s:x", "address of a search"),
        ("https://me:secret@lore.kernel.org/kvm/", "user name or password"),
        ("ssh://lore.kernel.org/kvm", "Only http:// and https://"),
        ("ext::sh -c date", "not a file or folder here"),
        ("file:///srv/kvm", "Only http:// and https://"),
        ("https:///kvm", "Only http:// and https://"),
        ("https://h/\x1b]0;x\x07", "Only http:// and https://"),
        ("https://h/" + "x" * 3000, "Only http:// and https://"),
        ("http://[::1/kvm", "is not a valid address"),
        ("http://h:x/kvm", "is not a valid address"),
        ("20250602-x@example.org", "is one message, not a list"),
        ("kvm", "not a file or folder here"),
        ("", "not a file or folder here"),
        ("a\0b", "not a file or folder here"),
    ],
)
def test_what_is_no_list(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError, match=words) as error:
        check_target(text)
    assert error.value.hint


def test_what_is_on_disk_is_looked_at_and_recorded_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Epoch(tmp_path / "kvm").add(mail("one"))
    (tmp_path / "notes.txt").write_text("No mail in it.\n")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_target("kvm") == check_target("~/kvm") == str(tmp_path / "kvm")
    for name, words in (("notes.txt", "not a mail"), ("empty", "empty folder")):
        with pytest.raises(TargetError, match=words):
            check_target(name)


@pytest.mark.parametrize(
    ("followed", "kind"),
    [
        (FollowedList(target=LORE), SyncMethod.EPOCHS),
        (FollowedList(target=LORE, clone=False), SyncMethod.WINDOWS),
        (FollowedList(target="/srv/kvm"), SyncMethod.DISK),
        (FollowedList(target="~/kvm", clone=False), SyncMethod.DISK),
    ],
)
def test_how_a_lists_mail_comes(followed: FollowedList, kind: SyncMethod) -> None:
    assert sync_method_of(followed) is kind


LAYOUTS = {
    "none": "",
    "comments": '# mine\n[fetch]\ndeadline = 5 # slow\n\n# lists\n[lists.a]\ntarget = "/a" # here\nrepo="/r"\n\n[display]\ntheme="x"\n# end\n',
    "inline": 'lists = {a = {target="/a"}}\n[fetch]\ndeadline=3\n',
    "dotted": 'lists.a.target="/a"\n[fetch]\ndeadline=3\n',
    "explicit": '[lists]\n[lists.a]\ntarget="/a"\n# end\n',
    "no line end": '[lists.a]\ntarget="/a"\n[fetch]\ndeadline=3',
    "dotted within": '[lists]\na.target="/a"\nb = {target="/b"}\n',
    "scattered": '[lists.a]\ntarget="/a"\n[fetch]\ndeadline=1\n[lists.b]\ntarget="/b"\n',
    "line ends": '[lists.a]\r\ntarget="/a"\r\n# here\r\n[fetch]\r\ndeadline = 5\r\n',
    "quoted": '[lists."a"]\ntarget="""/a"""\n["lists".\'b\']\ntarget=\'/b\'\n',
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_rest_of_the_file_stays_as_it_was(layout: str, file: Path) -> None:
    before = LAYOUTS[layout]
    file.parent.mkdir()
    file.write_bytes(before.encode())
    was = tomllib.loads(before)
    follow("kvm", LORE + "/", file)
    follow("qemu", "https://h/qemu", file, clone=False)
    now = tomllib.loads(file.read_text())
    assert now.pop("lists") == was.pop("lists", {}) | {
        "kvm": {"target": LORE},
        "qemu": {"target": "https://h/qemu", "clone": False},
    }
    assert now == was
    assert not load_config(file).problems
    kept = [line for line in before.splitlines() if "#" in line or line.startswith("theme")]
    assert [line for line in kept if line not in file.read_text().splitlines()] == []

    unfollow("kvm", file)
    unfollow("qemu", file)
    left = tomllib.loads(file.read_text())
    assert (left.pop("lists", {}), left) == (tomllib.loads(before).get("lists", {}), was)
    if "lists" in tomllib.loads(before):
        unfollow("a", file)
        assert "a" not in load_config(file).lists


names = st.sampled_from(["a", "b", "c", "kvm"])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(LAYOUTS)), st.lists(st.tuples(st.booleans(), names, st.booleans())))
def test_any_row_of_changes_leaves_what_it_should(
    tmp_path_factory: pytest.TempPathFactory,
    layout: str,
    changes: list[tuple[bool, str, bool]],
) -> None:
    file = tmp_path_factory.mktemp("etc") / "config.toml"
    file.write_text(LAYOUTS[layout])
    wanted = dict(tomllib.loads(LAYOUTS[layout]).get("lists", {}))
    for adds, name, clone in changes:
        if not adds and name in wanted:
            unfollow(name, file)
            del wanted[name]
        elif adds and name not in wanted:
            follow(name, f"https://h/{name}", file, clone=clone)
            wanted[name] = {"target": f"https://h/{name}"} | ({} if clone else {"clone": False})
    assert tomllib.loads(file.read_text()).get("lists", {}) == wanted


def test_the_same_again_changes_nothing_and_another_target_is_refused(file: Path) -> None:
    assert follow("ppc", "https://h/ppc", file, inbox_since="30d").inbox_since == "30d"
    assert load_config(file).lists["ppc"].inbox_since == "30d"
    first = follow("kvm", LORE, file)
    content = file.read_bytes()
    assert follow("kvm", LORE + "/", file) == first
    for target, clone in (("https://h/kvm", True), (LORE, False)):
        with pytest.raises(ConfigError, match="followed already"):
            follow("kvm", target, file, clone=clone)
    with pytest.raises(ConfigError, match="no list called qemu") as error:
        unfollow("qemu", file)
    assert "You follow: ppc, kvm." in error.value.hint
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"[lists", b"\xff\xfe", b"lists = 3", b"lists = []\n", b"[[lists]]\nx=1\n"]
)
def test_a_file_that_cannot_be_read_is_left_alone(content: bytes, file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(PatchdeskError):
        follow("kvm", LORE, file)
    assert file.read_bytes() == content


def test_the_file_is_private_and_a_link_to_it_stays(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles" / "patchdesk.toml"
    elsewhere.parent.mkdir()
    elsewhere.write_text("[fetch]\ndeadline = 3\n")
    file.parent.mkdir()
    file.symlink_to(elsewhere)
    follow("kvm", LORE, file)
    assert file.is_symlink()
    assert load_config(elsewhere).lists == {"kvm": FollowedList(target=LORE)}
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["config.toml"]


def _follow_some(file: Path, first: int) -> None:
    for number in range(first, first + 10):
        follow(f"list-{number}", f"https://h/{number}", file)


def test_two_at_once_lose_nothing(file: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_follow_some, args=(file, first)) for first in (0, 10, 20)]
    for other in others:
        other.start()
    for other in others:
        other.join(60)
        assert other.exitcode == 0
    assert set(load_config(file).lists) == {f"list-{number}" for number in range(30)}


def test_names_and_values_that_are_wrong_in_the_file_are_said(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('[lists."../x"]\ntarget="/x"\n[lists.y]\ntarget="/y"\nclone="no"\n')
    config = load_config(file)
    assert list(config.lists) == ["y"]
    assert config.lists["y"].clone
    assert any(
        "lists.../x: the name of a list consists of" in problem for problem in config.problems
    )
    assert any("lists.y.clone: it must be true or false" in one for one in config.problems)
    assert LIST_NAME.fullmatch("y")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("https://lore.kernel.org/kvm/", "kvm"),
        ("https://lore.kernel.org/linux-arm-kernel", "linux-arm-kernel"),
        ("/home/ada/Mail/Lamps.mbox.gz", "lamps"),
        ("/srv/a list/", "a-list"),
        ("https://x.example.org/../", ""),
        ("/\u202e/", ""),
    ],
)
def test_a_list_is_called_by_the_last_part_of_its_address(target: str, name: str) -> None:
    assert name_from_target(target) == name
