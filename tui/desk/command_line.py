"""The part of the main screen that takes commands by their names: the line after `:`, the help, the palette."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual import on

from core.text import shown
from tui.desk.review import ReviewingScreen
from tui.keys.commands import Command, Pane, commands_named
from tui.widgets.prompt import Prompt, Proposal


class CommandingScreen(ReviewingScreen):
    """Runs commands that are named, and says which can be run now."""

    def command_actions(self) -> Mapping[str, Callable[[], object]]:
        """Return what each of these commands does, by its name."""
        return {
            "app.help": self._help,
            "app.command": self._ask_command,
            "app.palette": self.app.action_command_palette,
            "app.suspend": self.app.action_suspend_process,
        }

    def disabled_reason(self, command: Command) -> str:
        """Return why a command cannot be run now, as a sentence; "" where it can."""
        pane = command.pane
        if pane is Pane.DIGEST:
            return "This is for a digest: {digest.open} opens one."
        if pane is Pane.READER and (self._noted or self._mail is None):
            return "There is no mail open."
        if pane is Pane.TREE and not len(self.series_tree):
            return "There is no series here."
        if command.name.startswith("fold.") and self.active_pane is Pane.WELCOME:
            return "There is nothing to fold here."
        if command.name.startswith("patch.") and not len(self.series_tree):
            return "There is no series here."
        if command.name == "app.reload" and self._retry is None:
            return "Nothing was opened yet."
        return super().disabled_reason(command)

    def _help(self) -> None:
        from tui.screens.help import HelpScreen

        def chosen(command: Command | None) -> None:
            if command is not None:
                self.run_command(command)

        self.app.push_screen(HelpScreen(self.active_pane, self.keymap), chosen)

    # ------------------------------------------------------------- by name

    def argument_handlers(self) -> Mapping[str, Callable[[str], object]]:
        """Return what the commands do that can be told more on their line."""
        return {}

    def argument_completions(self, name: str) -> Sequence[Proposal]:
        """Return what a command could be told on its line, as far as that is known."""
        del name
        return ()

    def _ask_command(self) -> None:
        self.ask("command", ":", propose=self._propose_line)

    def _propose_line(self, line: str) -> list[Proposal]:
        """Return the commands that `line` may mean, or what the command that it names could be told."""
        name, blank, rest = line.partition(" ")
        named = commands_named(name)
        if blank and named:
            words = self.argument_completions(named[0].name)
            wanted = rest.strip().casefold()
            found = [pair for pair in words if wanted in pair[0].casefold()]
            found.sort(key=lambda pair: not pair[0].casefold().startswith(wanted))
            return [(shown(f"{name} {word}"), says) for word, says in found]
        return [(shown(self._name_for(c)), self._words_on(c)) for c in named]

    def _name_for(self, command: Command) -> str:
        return f"{command.name} " if self.argument_completions(command.name) else command.name

    def _words_on(self, command: Command) -> str:
        own = self.keymap.by_name[command.name]
        keys = " ".join(own.keys)
        reason = self.disabled_reason(own)
        return shown(f"{keys:<8}{self.keymap.fill(reason or own.help)}")

    @on(Prompt.Submitted)
    def _line_given(self, event: Prompt.Submitted) -> None:
        if event.kind == "command" and event.text.strip():
            self.run_command_line(event.text.strip())

    def run_command_line(self, line: str) -> None:
        """Run a command by its name, with what follows it."""
        name, _, rest = line.partition(" ")
        found = commands_named(name)
        if not found:
            self.show_message(f"There is no command {name}. {{app.palette}} lists them.", "warning")
        elif rest.strip() and (run := self.argument_handlers().get(found[0].name)):
            run(rest.strip())
        else:
            self.run_command(found[0])
