"""Other programs get mail on standard input, or a file; none of it becomes part of a command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Timer

import pytest

from core.errors import Cancelled
from core.system.programs import (
    MOST_OUTPUT,
    editor,
    editor_command,
    pipe_to_command,
    run_in_terminal,
)

EVIL = "$(touch {0}/evil); `touch {0}/evil`\n; touch {0}/evil\n-x --help\n"


def test_a_command_reads_the_mail_and_none_of_it_runs(tmp_path: Path) -> None:
    data = EVIL.format(tmp_path).encode()
    output = pipe_to_command("cat; echo bad >&2; exit 3", data, stop=Event())
    assert output.text == data.decode() + "bad\n"
    assert (output.status, output.capped) == (3, False)
    assert not list(tmp_path.iterdir())


def test_a_command_need_not_read_at_all() -> None:
    assert pipe_to_command("true", b"x" * 10_000_000, stop=Event()).status == 0


def test_a_command_that_never_stops_writing_is_ended() -> None:
    output = pipe_to_command("yes", b"", stop=Event())
    assert output.capped
    assert len(output.text) == MOST_OUTPUT
    assert output.status < 0


@pytest.mark.parametrize("command", ["sleep 60", "sleep 60 & wait", "exec >&- 2>&-; sleep 60"])
def test_a_command_ends_when_it_is_told(command: str) -> None:
    stop = Event()
    Timer(0.2, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        pipe_to_command(command, b"", stop=stop)
    assert time.monotonic() - started < 5


def test_an_editor_gets_a_copy_that_cannot_be_written(tmp_path: Path) -> None:
    tool = tmp_path / "ed it.sh"
    tool.write_text('#!/bin/sh\ncp "$2" "$1"\nstat -c %a "$2" >>"$1"\n')
    tool.chmod(0o755)
    out = tmp_path / "out"
    with editor(b"words\n", "mail.eml", {"EDITOR": f"'{tool}' {out}"}) as command:
        assert run_in_terminal(command) == 0
        path = Path(command[-1])
    assert out.read_text() == "words\n400\n"
    assert not path.exists()


@pytest.mark.parametrize(
    ("variables", "editor_config", "taken"),
    [
        ({"GIT_EDITOR": "one", "VISUAL": "two", "EDITOR": "three"}, "four", "one"),
        ({"VISUAL": "two", "EDITOR": "three"}, "four", "four"),
        ({"VISUAL": "two", "EDITOR": "three"}, "", "two"),
        ({"EDITOR": "FOO=1 ~/bin/ed --wait"}, "", "FOO=1 ~/bin/ed --wait"),
    ],
)
def test_the_editor_is_the_one_that_git_takes(
    tmp_path: Path, variables: dict[str, str], editor_config: str, taken: str
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(f'[core]\n\teditor = "{editor_config}"\n' if editor_config else "")
    environment = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_NOSYSTEM": "1",
        **variables,
    }
    command = editor_command(tmp_path / "file", environment)
    assert command == ["/bin/sh", "-c", f'{taken} "$@"', taken, str(tmp_path / "file")]


def test_a_repository_does_not_choose_the_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "config", "core.editor", "evil"], check=True)
    monkeypatch.chdir(tmp_path)
    environment = {"PATH": os.environ["PATH"], "EDITOR": "mine", "GIT_CONFIG_GLOBAL": os.devnull}
    assert editor_command(tmp_path / "file", environment)[3] == "mine"


def test_an_interrupt_is_the_childs_alone() -> None:
    kill = "import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(0.2)"
    assert run_in_terminal([sys.executable, "-c", kill]) == 0
