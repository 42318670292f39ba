"""`completion`: the script with which bash, zsh and fish complete the command line.

The script has the commands and their options; for lists, Message-IDs and views it calls `patchdesk completion --words
KIND`, which `tui.cli.start` answers before the rest of the command line is imported.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tui.cli.console import print_lines
from tui.cli.parser import Command, build_parser

SHELLS: Final = ("bash", "zsh", "fish")

_DETAILS: Final = """\
Write it once, and again after an update:
  bash: patchdesk completion bash > ~/.local/share/bash-completion/completions/patchdesk
  zsh:  patchdesk completion zsh > FOLDER/_patchdesk, FOLDER being one of $fpath
  fish: patchdesk completion fish > ~/.config/fish/completions/patchdesk.fish
"""

_KINDS: Final = {"NAME": "lists", "TARGET": "lists", "ID": "ids", "QUERY": "queries"}
"""Metavars of arguments and options, and the kinds of words that complete them; files complete all others."""

_NONE: Final = "-"
"""The kind of values that cannot be completed, such as numbers."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words that can follow a command."""

    name: str
    summary: str
    options: tuple[tuple[str, str], ...]
    """Each with its help."""
    values: tuple[tuple[str, str], ...]
    """The options that take a value, each with its kind."""
    fixed: tuple[str, ...]
    """Arguments that are one of a few words, such as verbs."""
    kinds: tuple[str, ...]
    """The kinds of the other arguments."""

    @property
    def takes_files(self) -> bool:
        return not self.fixed and "lists" in self.kinds and self.name not in ("sync", "unfollow")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="bash|zsh|fish", choices=SHELLS, help="the shell")


def run(arguments: argparse.Namespace) -> int:
    """Print the script of a shell."""
    script = {"bash": _bash, "zsh": _zsh, "fish": _fish}[arguments.shell]
    print_lines(script(list(_words_of(arguments.commands))))
    return 0


def _words_of(commands: Sequence[Command]) -> Iterator[_Words]:
    from core.query.fields import FIELDS, HAS_VALUES, IS_VALUES
    from core.triage.transitions import VERBS

    terms = (
        *(f"{name}:" for name in FIELDS),
        *(f"is:{name}" for name in IS_VALUES),
        *(f"has:{name}" for name in HAS_VALUES),
    )
    verbs = (*sorted(VERBS), "undo", "redo", "log")
    parser = build_parser(commands)
    subparsers = next(
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    for command in commands:
        options: list[tuple[str, str]] = []
        values: list[tuple[str, str]] = []
        fixed: list[str] = []
        kinds: list[str] = []
        for action in subparsers.choices[command.name]._actions:
            kind = _kind(command.name, action)
            for option in action.option_strings:
                options.append((option, (action.help or "").partition(" (")[0]))
                if action.nargs != 0:
                    values.append((option, kind))
            if not action.option_strings:
                fixed += [str(choice) for choice in action.choices or ()]
                kinds += [kind] if kind in _KINDS.values() else []
        fixed += {"search": terms, "triage": verbs}.get(command.name, ())
        yield _Words(
            command.name, command.summary, tuple(options), tuple(values), tuple(fixed), tuple(kinds)
        )


def _kind(command: str, action: argparse.Action) -> str:
    """Return the completions of an argument: a kind of `core.desk.candidates`, or the words themselves, separated by blanks."""
    if action.choices is not None:
        return " ".join(str(choice) for choice in action.choices)
    name = str(action.metavar or "")
    if (
        name == "NAME"
        and "--list" not in action.option_strings
        and command not in ("sync", "unfollow")
    ):
        return _NONE
    return _KINDS.get(name, _NONE)


# ------------------------------------------------------------------- bash


def _bash(commands: list[_Words]) -> Iterator[str]:
    yield "# bash completion of patchdesk"
    yield "_patchdesk() {"
    yield '    local line=${COMP_LINE:0:COMP_POINT} part=${COMP_WORDS[COMP_CWORD]} words="" files=""'
    yield "    local current=${line##* } typed command previous"
    yield '    read -ra typed <<<"$line"'
    yield '    [[ -n $current ]] || typed+=("")'
    yield "    command=${typed[1]} previous=${typed[-2]}"
    yield "    if [[ ${#typed[@]} -le 2 ]]; then"
    yield f'        words="{" ".join(each.name for each in commands)} --version --help"'
    yield "    else"
    yield '        case "$command $previous" in'
    for each in commands:
        for option, kind in each.values:
            yield f'            "{each.name} {option}") {_bash_words(kind)} ;;'
    yield '            *) case "$command" in'
    for each in commands:
        yield f"                {each.name})"
        yield "                    if [[ $current == -* ]]; then"
        yield f'                        words="{" ".join(option for option, _ in each.options)}"'
        yield "                    else"
        fixed = " ".join(each.fixed)
        calls = "".join(f" {_call(kind)}" for kind in dict.fromkeys(each.kinds))
        yield f'                        words="{fixed}{calls}"'
        if each.takes_files:
            yield "                        files=yes"
        yield "                    fi ;;"
    yield "            esac ;;"
    yield "        esac"
    yield "    fi"
    yield '    COMPREPLY=($(compgen -W "$words" -- "$current"))'
    yield '    [[ -z $files ]] || COMPREPLY+=($(compgen -f -- "$current"))'
    # readline completes from the last of its word breaks on, such as : and @.
    yield "    case $part in [:@=]) part= ;; esac"
    yield '    [[ $current == "$part" ]] || COMPREPLY=("${COMPREPLY[@]#"${current%"$part"}"}")'
    yield "}"
    yield "complete -F _patchdesk patchdesk"


def _bash_words(kind: str) -> str:
    if kind == _NONE:
        return ":"
    return f'words="{_call(kind)}"' if kind in _KINDS.values() else f'words="{kind}"'


def _call(kind: str) -> str:
    return f"$(patchdesk completion --words {kind} 2>/dev/null)"


# ------------------------------------------------------------------- zsh


def _zsh(commands: list[_Words]) -> Iterator[str]:
    yield "#compdef patchdesk"
    yield "_patchdesk() {"
    yield "    local command=$words[2] previous=$words[CURRENT-1] current=$words[CURRENT]"
    yield "    local -a found"
    yield "    if (( CURRENT == 2 )); then"
    names = " ".join(_quoted(f"{each.name}:{each.summary}") for each in commands)
    yield f"        found=({names})"
    yield "        _describe command found"
    yield "        return"
    yield "    fi"
    yield '    case "$command $previous" in'
    for each in commands:
        for option, kind in each.values:
            call = ":" if kind == _NONE else _zsh_words(kind)
            yield f'        "{each.name} {option}") {call}; return ;;'
    yield "    esac"
    yield '    case "$command" in'
    for each in commands:
        yield f"        {each.name})"
        options = " ".join(_quoted(f"{option}:{text}") for option, text in each.options)
        yield f"            if [[ $current == -* ]]; then found=({options}); _describe option found; return; fi"
        if each.fixed:
            yield f"            compadd -- {' '.join(each.fixed)}"
        for kind in dict.fromkeys(each.kinds):
            yield f"            {_zsh_words(kind)}"
        if each.takes_files:
            yield "            _files"
        yield "            ;;"
    yield "    esac"
    yield "}"
    yield "if [[ $funcstack[1] == _patchdesk ]]; then _patchdesk; else compdef _patchdesk patchdesk; fi"


def _zsh_words(kind: str) -> str:
    if kind not in _KINDS.values():
        return f"compadd -- {kind}"
    return f'compadd -- ${{(f)"{_call(kind)}"}}'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# ------------------------------------------------------------------- fish


def _fish(commands: list[_Words]) -> Iterator[str]:
    yield "# fish completion of patchdesk"
    yield "complete -c patchdesk -f"
    for each in commands:
        seen = f"-n '__fish_seen_subcommand_from {each.name}'"
        yield f"complete -c patchdesk -n __fish_use_subcommand -a {each.name} -d {_quoted(each.summary)}"
        values = dict(each.values)
        for option, text in each.options:
            name = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            takes = ""
            if option in values:
                takes = (
                    " -x" if values[option] == _NONE else f" -x -a {_fish_words(values[option])}"
                )
            yield f"complete -c patchdesk {seen} {name}{takes} -d {_quoted(text)}"
        if each.fixed:
            yield f"complete -c patchdesk {seen} -a {_quoted(' '.join(each.fixed))}"
        for kind in dict.fromkeys(each.kinds):
            yield f"complete -c patchdesk {seen} -a {_fish_words(kind)}"
        if each.takes_files:
            yield f"complete -c patchdesk {seen} -F"


def _fish_words(kind: str) -> str:
    return _quoted(_call(kind)[1:] if kind in _KINDS.values() else kind)


COMMANDS: Final = (
    Command(
        name="completion",
        summary="print the completion script of a shell",
        run=run,
        add_arguments=_add_arguments,
        details=_DETAILS,
    ),
)
