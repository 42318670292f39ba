"""Commands by name: the line after `:`, the help, the palette, and the few that concern the whole program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from textual.message import Message

from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler, ReaderContent
from tui.desk.own_drafts import OwnDrafts
from tui.keys.commands import BY_NAME, Command, Pane, commands_named
from tui.tasks import Tasks
from tui.widgets.prompt import Proposal
from tui.widgets.status_bar import StatusBar

_PROBLEMS: Final = 5
"""Mistakes in the configuration that are shown."""


class CommandLine(Controller):
    """Runs commands that are named, and says which can be run now."""

    def __init__(self, desk: DeskView, tasks: Tasks, own: OwnDrafts) -> None:
        super().__init__(desk, tasks)
        self._own = own
        self._asked_to_quit = False

    def start(self) -> None:
        """Show the problems of the configuration, once the screen is visible."""
        settings = self._desk.settings
        self._desk.set_timer(settings.timings.settled_in, self._show_problems)

    def _show_problems(self) -> None:
        problems = self._desk.settings.problems
        if problems:
            more = len(problems) - _PROBLEMS
            lines = [*problems[:_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
            text = "\n".join(map(shown, lines))
            self._desk.app.notify(
                text, title="In the configuration", severity="warning", timeout=20, markup=False
            )

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        app = self._desk.app
        return {
            "app.help": self._desk.show_help,
            "app.command": self._ask_command,
            "app.palette": app.action_command_palette,
            "app.theme": app.search_themes,
            "app.suspend": app.action_suspend_process,
            "app.log": self._show_log,
            "app.quit": self._quit,
        }

    def messages(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """Run the commands whose hints are clicked in the status bar."""
        return {StatusBar.Chosen: lambda event: self._desk.run_command(event.command)}

    def disabled_reason(self, command: Command) -> str:
        """Return the reason why a command cannot run in the focused pane, or with nothing open."""
        pane, is_empty = command.pane, not len(self._desk.series_tree)
        if pane is Pane.DIGEST:
            return "This works in a digest; {digest.open} opens one."
        if pane is Pane.READER and self._desk.content is not ReaderContent.MAIL:
            return "There is no mail open."
        if pane is Pane.TREE and is_empty:
            return "There is no series here."
        if command.name.startswith("fold.") and self._desk.active_pane is Pane.WELCOME:
            return "There is nothing to fold here."
        if command.name.startswith("patch.") and is_empty:
            return "There is no series here."
        return ""

    def _quit(self) -> None:
        """Quit; where replies are ready and not sent ask first, once."""
        ready = self._own.ready_count
        if not ready or self._asked_to_quit:
            self._desk.app.exit()
            return
        self._asked_to_quit = True
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(True, SafeText("quit"), SafeText("they wait for the next start"), "q"),
            Choice(False, SafeText("look at them"), key="r"),
        ]
        count = "1 reply is" if ready == 1 else f"{ready} replies are"
        dialog = ChooseDialog(self._desk.keymap, f"{count} ready, not sent", choices)

        def chosen(sure: bool | None) -> None:
            if sure:
                self._desk.app.exit()
            elif sure is not None:
                self._desk.run_command(BY_NAME["reply.review"])

        self._desk.app.push_screen(dialog, chosen)

    # ------------------------------------------------------------- by name

    def _ask_command(self) -> None:
        self._desk.prompt.ask(":", then=self.run_line, propose=self._propose)

    def _propose(self, line: str) -> list[Proposal]:
        """Return the commands that `line` may name, or the possible arguments of the one it names."""
        name, blank, rest = line.partition(" ")
        named = commands_named(name)
        if blank and named:
            wanted = rest.strip().casefold()
            known = self._desk.controllers.completions(named[0].name, rest.lstrip())
            found = [pair for pair in known if wanted in pair[0].casefold()]
            found.sort(key=lambda pair: not pair[0].casefold().startswith(wanted))
            return [(shown(f"{name} {word}"), says) for word, says in found]
        return [(shown(self._name_of(command)), self._about(command)) for command in named]

    def _name_of(self, command: Command) -> str:
        known: Sequence[Proposal] = self._desk.controllers.completions(command.name, "")
        return f"{command.name} " if known else command.name

    def _about(self, command: Command) -> str:
        own = self._desk.keymap.by_name[command.name]
        reason = self._desk.controllers.disabled_reason(own)
        return shown(f"{' '.join(own.keys):<8}{self._desk.keymap.fill(reason or own.help)}")

    def run_line(self, line: str) -> None:
        """Run a command by its name; the rest of the line is its argument."""
        name, _, rest = line.strip().partition(" ")
        if not name:
            return
        found = commands_named(name)
        if not found:
            self._desk.show_message(
                "There is no command {name}. {app.palette} lists them.", "warning", name=name
            )
        elif rest.strip() and (run := self._desk.controllers.argument_handlers.get(found[0].name)):
            run(rest.strip())
        else:
            self._desk.run_command(found[0])

    # ------------------------------------------------------------- log

    def _show_log(self) -> None:
        from core.system.log import last_lines
        from core.system.paths import log_file

        lines = last_lines(log_file())
        text = [
            shown(str(log_file())),
            shown(""),
            *(lines if any(lines) else [shown("It is empty.")]),
        ]
        self._desk.show_report("The log", text)
        self._desk.reader.action_bottom()
