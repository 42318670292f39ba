"""The configuration: each mistake is reported, and none stops the program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from core.config import Config, describe, load_config, ready_rule, with_git


@pytest.fixture(autouse=True)
def no_git_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(file))
    return file


def load(tmp_path: Path, content: str | bytes) -> Config:
    file = tmp_path / "config.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_config(file)


def test_no_file_means_defaults(tmp_path: Path) -> None:
    config = load_config(tmp_path / "none.toml")
    assert config == Config()


def test_values_are_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
        [me]
        name = "Ann"
        addresses = ["ann@example.org"]
        [lists.kvm]
        target = "/srv/kvm"
        [keys]
        preset = "mutt"
        "app.quit" = "ctrl+x"
        [fetch]
        deadline = 5
        """,
    )
    assert config.problems == ()
    assert (config.me_name, config.me_addresses) == ("Ann", ("ann@example.org",))
    assert config.lists["kvm"].target == "/srv/kvm"
    assert (config.keys_preset, dict(config.keys)) == ("mutt", {"app.quit": "ctrl+x"})
    assert config.deadline == 5.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[fetch]\ndeadline = 'soon'", "fetch.deadline: it must be a number of seconds"),
        ("[fetch]\ndeadline = true", "fetch.deadline: it must be a number of seconds"),
        ("[fetch]\nmax_size = 3", "fetch.max_size: it must be a number of bytes"),
        ("[fetch]\nserver = 'ftp://x'", "fetch.server: it must be an address"),
        ("[fetch]\nspeed = 3", "fetch.speed: unknown key; known keys: deadline"),
        ("[colours]\nx = 1", "colours: unknown table"),
        ("me = 3", "me: it must be a table"),
        ("[keys]\npreset = 'emacs'", 'keys.preset: it must be one of "default"'),
        ("[lists]\nkvm = 'x'", "lists.kvm: it must be a table with target"),
        ("[lists.kvm]\ntarget = 'x'\nsync = 'y'", "lists.kvm.sync: unknown key"),
        (
            "[lists.kvm]\ntarget = 'x'\nsync_every = 'often'",
            'lists.kvm.sync_every: it must be like "15m"',
        ),
        ("[lists.kvm]\ntarget = 'x'\nsync_every = '0m'", "lists.kvm.sync_every: it must be like"),
        ("[identity]\nmailmap = '/no/such/.mailmap'", "identity.mailmap: it must be the path of a"),
        ("[identity]\nmailmap = 3", "identity.mailmap: it must be a string"),
        ('[identity]\nmailmap = "a\\u0000b"', "identity.mailmap: it must be the path of a file"),
        ("[views]\nmine = 3", "views.mine: it must be a string"),
        ("no toml", "it is not TOML"),
        (b"\xff\xfe", "it is not TOML"),
        ("a=" + "[" * 100_000, "it is not TOML"),
        ("#" * (2 << 20), "it is larger than 1 MiB"),
        ('[fetch]\n"\\u001b]0;x" = 1', "fetch.␛]0;x: unknown key"),
    ],
)
def test_a_mistake_is_one_line_and_the_default_holds(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    config = load(tmp_path, content)
    assert len(config.problems) == 1
    problem = config.problems[0]
    assert problem.startswith(f"{tmp_path / 'config.toml'}: ")
    assert message in problem
    assert problem.endswith("the default holds")
    assert (config.deadline, config.max_size, config.keys_preset) == (60.0, 64 << 20, "default")


def test_a_mailmap_that_is_there_is_taken(tmp_path: Path) -> None:
    mailmap = tmp_path / "mailmap"
    mailmap.touch()
    config = load(
        tmp_path, f"[identity]\nmailmap = '{mailmap}'\n[lists.kvm]\ntarget = 'x'\nsync_every = '2h'"
    )
    assert config.problems == ()
    assert config.mailmap == str(mailmap)
    assert config.lists["kvm"].sync_every == "2h"


def test_one_mistake_leaves_the_rest(tmp_path: Path) -> None:
    config = load(tmp_path, "[fetch]\ndeadline = 'x'\nmax_size = 4096")
    assert (config.deadline, config.max_size) == (60.0, 4096)


def test_the_global_git_configuration_is_asked_and_a_repository_is_not(
    tmp_path: Path, no_git_configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_git_configuration.write_text(
        "[user]\nname = Global\nemail = g@example.org\n[b4]\nmidmask = http://127.0.0.1:9/all/%s\n"
    )
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / ".b4-config").write_text("[b4]\nmidmask = http://evil.invalid/%s\n")
    with (repository / ".git" / "config").open("a") as file:
        file.write("[user]\nname = Local\n[b4]\nmidmask = http://evil.invalid/%s\n")
    monkeypatch.chdir(repository)
    config = with_git(load_config(tmp_path / "none.toml"))
    assert (config.me_name, config.me_addresses) == ("Global", ("g@example.org",))
    assert config.server == "http://127.0.0.1:9/all"
    assert config.sources["fetch.server"] == "git's b4.midmask"


def test_what_is_in_force_says_where_it_comes_from(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "[fetch]\ndeadline = 5\n[views]\nmine = 'f:ann'\n[keys]\n'app.quit' = 'x'\n"
        "[lists.kvm]\ntarget = '/kvm'\nweb = 'https://example.org/kvm'",
    )
    lines = describe(config)
    keys = {
        key: value
        for line in lines
        for key, _, value in [line.partition(" # ")[0].partition(" = ")]
    }
    assert keys['keys."app.quit"'] == '"x"'
    assert (keys["lists.kvm.target"], keys["lists.kvm.web"]) == (
        '"/kvm"',
        '"https://example.org/kvm"',
    )
    again = load(tmp_path, "\n".join(lines))  # what is printed is a configuration, too
    assert again.problems == ()
    assert (again.lists, again.keys, again.deadline) == (config.lists, config.keys, config.deadline)
    assert f"fetch.deadline = 5 # {tmp_path / 'config.toml'}" in lines
    assert "display.mouse = true # default" in lines
    assert f'views.mine = "f:ann" # {tmp_path / "config.toml"}' in lines


def test_a_number_of_thousands_of_digits_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[fetch]\ndeadline = " + "9" * 5000)
    config = load_config(file)
    assert config.deadline == 60
    assert "it is not TOML" in config.problems[0]


def test_the_rule_of_a_list_for_what_is_ready_stands_before_that_of_all(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "[review]\nready = 'R>=1'\n[lists.kvm]\ntarget = '/kvm'\nready = 'A>=2'\n"
        "[lists.mm]\ntarget = '/mm'\nready = 'maintainer'",
    )
    assert [rule_text(config, lists) for lists in (("kvm",), ("mm",), ())] == [
        "A>=2",
        "R>=1",
        "R>=1",
    ]
    (problem,) = config.problems
    assert "lists.mm.ready: it must be terms like R>=1" in problem
    assert rule_text(load(tmp_path, ""), ("kvm",)) == ""


def rule_text(config: Config, lists: tuple[str, ...]) -> str:
    rule = ready_rule(config, lists)
    return "" if rule is None else rule.text
