"""The commands of `tui.keys.commands` for Textual's palette."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.keys.commands import Command, Pane
from tui.keys.dispatch import CommandScreen


class CommandProvider(Provider):
    """Offers the commands that can be run now, by their help."""

    @property
    def _commands(self) -> Sequence[Command]:
        screen = self.screen
        if not isinstance(screen, CommandScreen):
            return ()
        return [
            command
            for command in screen.keymap.commands
            if command.pane != Pane.DIALOG and not screen.disabled_reason(command)
        ]

    def _run(self, command: Command) -> None:
        if isinstance(self.screen, CommandScreen):
            self.screen.run_command(command)

    async def discover(self) -> Hits:
        """Offer all of them."""
        for command in self._commands:
            yield DiscoveryHit(command.help, partial(self._run, command), help=_aside(command))

    async def search(self, query: str) -> Hits:
        """Offer those that match."""
        matcher = self.matcher(query)
        for command in self._commands:
            words = f"{command.help} ({command.name})"
            if (score := matcher.match(words)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(words),
                    partial(self._run, command),
                    help=_aside(command),
                )


def _aside(command: Command) -> str:
    # The palette reads this as markup, in which a lone bracket is a key as good as any.
    return f"{command.name}  {' '.join(command.keys)}".replace("[", r"\[")
