"""Completion: the scripts have every command and option, and bash completes with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.query.fields import FIELDS
from core.triage.transitions import Verb
from tests.core.triage.triage_kit import mail, series
from tests.end_to_end.program import ROOT, Program
from tui.cli.completion import SHELLS
from tui.cli.main import COMMANDS
from tui.cli.parser import build_parser


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A user who follows two lists, one of them with mail of odd Message-IDs, and who has a view."""
    program = Program(tmp_path_factory.mktemp("completion"))
    mbox = program.home / "list.mbox"
    mails = [
        *series("lamp"),
        mail("$(touch$IFS/tmp/x)@x", "Odd", day=1),
        mail("a;b@x", "Odder", day=1),
    ]
    mbox.write_bytes(b"".join(b"From x Thu Jan  1 00:00:00 1970\n" + raw + b"\n" for raw in mails))
    program.do("follow", "frob", str(mbox))
    program.do("follow", "knob", str(mbox))
    program.do("sync", "frob")
    with program.config.open("a") as config:
        config.write('\n[views]\nRobots = "f:robot label:`id`"\n')
    return program


def completed(program: Program, line: str) -> list[str]:
    """Return bash's completions at the end of a line, as readline calls the function."""
    folder = program.home / "bin"
    folder.mkdir(exist_ok=True)
    command = folder / "patchdesk"
    command.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -P -m tui.cli.start "$@"\n'.replace(
            "-m tui.cli.start",
            f"-c 'import sys; sys.path.insert(0, \"{ROOT}\"); from tui.cli.start import main; sys.exit(main())'",
        )
    )
    command.chmod(0o755)
    script = program.do("completion", "bash")
    words = line.replace(":", " : ").replace("@", " @ ").split(" ")
    words = [word for at, word in enumerate(words) if word or at == len(words) - 1]
    if line.endswith((":", "@")):
        words = words[:-1]
    array = " ".join(f"'{word}'" for word in words)
    call = (
        f"{script}\nCOMP_LINE='{line}' COMP_POINT=${{#COMP_LINE}}\nCOMP_WORDS=({array})"
        f' COMP_CWORD={len(words) - 1}\n_patchdesk\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    environment = {**program.environment, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", call],
        env=environment,
        cwd=program.home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("patchdesk sy", {"sync"}),
        ("patchdesk sync ", {"frob", "knob"}),
        ("patchdesk sync k", {"knob"}),
        ("patchdesk sync --s", {"--since"}),
        ("patchdesk series --list f", {"frob"}),
        ("patchdesk digest --format m", {"markdown"}),
        ("patchdesk open fr", {"frob"}),
        ("patchdesk triage sk", {"skip"}),
        ("patchdesk triage done lam", {"lamp-v1-0@x"}),
        ("patchdesk show lam", {"lamp-v1-0@x"}),
        ("patchdesk show lamp-v1-0@", {"x"}),
        ("patchdesk search is:unr", {"unread"}),
        ("patchdesk search f:r", {"robot"}),
        ("patchdesk completion z", {"zsh"}),
        ("patchdesk search --limit ", set()),
        ("patchdesk nothing ", set()),
    ],
)
def test_bash_offers(program: Program, line: str, offered: set[str]) -> None:
    assert set(completed(program, line)) == offered


def test_words_that_a_shell_would_run_are_never_offered(program: Program) -> None:
    assert completed(program, "patchdesk show ") == ["lamp-v1-0@x"]
    assert "`id`" not in "".join(completed(program, "patchdesk search "))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_has_every_command_and_option(shell: str, program: Program) -> None:
    script = program.do("completion", shell)
    parser = build_parser(COMMANDS)
    choices = parser._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert choices
    for name, sub in dict(choices).items():
        assert name in script
        for action in sub._actions:
            for option in action.option_strings:
                assert option.lstrip("-") in script, (name, option)
    for word in (*Verb, *(f"{prefix}:" for prefix in FIELDS)):
        assert word in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_a_tab_imports_next_to_nothing(program: Program) -> None:
    code = (
        "import sys; sys.argv[1:] = ['completion', '--words', 'lists', 'ids', 'queries'];"
        "from tui.cli.start import main; main();"
        "heavy = {'textual', 'rich', 'b4', 'pygit2', 'argparse', 'numpy'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {"frob", "knob", "lamp-v1-0@x", "f:robot"}


def test_without_anything_it_offers_nothing(tmp_path: Path) -> None:
    program = Program(tmp_path)
    code = "import sys; sys.argv[1:] = ['completion', '--words', 'lists', 'ids', 'nonsense']; from tui.cli.start import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not any(tmp_path.iterdir())
