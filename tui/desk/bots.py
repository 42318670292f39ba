"""Hides and shows the messages of bots: those of the known ones, and of those that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping

from core.series.bot_messages import without_bot_replies
from core.series.identities import KNOWN_BOTS, Bots
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.review import Review
from tui.tasks import Tasks


class BotMessages(Controller):
    """Takes the replies of bots out of the tree, and with them their comments out of the reader."""

    def __init__(self, desk: DeskView, tasks: Tasks, review: Review) -> None:
        super().__init__(desk, tasks)
        self._review = review
        self._are_hidden = False

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"view.bots": self._toggle}

    def _toggle(self) -> None:
        self._are_hidden = not self._are_hidden
        tree = self._desk.series_tree
        if self._are_hidden:
            config = self._desk.settings.config
            bots = Bots((*KNOWN_BOTS, *(config.bots if config is not None else ())))
            tree.set_transform("bots", lambda item: without_bot_replies(item, bots))
            self._desk.show_message("Messages of bots are hidden.")
        else:
            tree.set_transform("bots", None)
            self._desk.show_message("Messages of bots are shown.")
        self._review.show_again(None)
