"""A list to choose one thing from, over the screen."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from core.model import Message
from core.text import SafeText, shown
from tui.keys.keymap import Keymap
from tui.widgets.dialog import Dialog, list_handlers

Value = TypeVar("Value")

_NOTHING: Final = SafeText("")

_LONGEST: Final = 60
"""Characters of a choice's description."""


@dataclass(frozen=True, slots=True)
class Choice(Generic[Value]):
    """One of the things to choose from."""

    value: Value
    label: SafeText
    about: SafeText = _NOTHING
    key: str = ""
    """Its own key; of the first nine their digit, where none is given."""


class ChooseDialog(Dialog[Value]):
    """Offers choices, each with a key of its own; gives the value of the one that was taken."""

    DEFAULT_CSS = """
    ChooseDialog {
        align: center middle; background: $background 40%;
        & > OptionList {
            width: auto; min-width: 40; max-width: 95%; height: auto; max-height: 100%;
            border: round $border; background: $surface; padding: 0 1;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & > OptionList:focus { border: round $border; }
    }
    """

    def __init__(
        self, keymap: Keymap, title: str, choices: Sequence[Choice[Value]], *, at: int = 0
    ) -> None:
        """Take also the number of the choice that is highlighted first, from 0."""
        super().__init__(keymap)
        self._title = title
        self._choices = choices
        self._at = at
        self._keys = {
            choice.key or (str(number) if number < 10 else ""): choice.value
            for number, choice in enumerate(choices, 1)
        }

    def compose(self) -> ComposeResult:
        """Lay out the list: key, label and description."""
        width = max((len(choice.label) for choice in self._choices), default=0)
        options = OptionList(
            *(
                Option(
                    Content.assemble(
                        (f"{choice.key or (number if number < 10 else '·')}  ", "bold $footer-key-foreground"),
                        f"{choice.label:<{width + 2}}",
                        (_short(choice.about), "$foreground-muted"),
                    )
                )
                for number, choice in enumerate(self._choices, 1)
            ),
            markup=False,
        )  # fmt: skip
        options.border_title = Content(self._title)
        options.highlighted = self._at
        yield options

    def command_handlers(self) -> Mapping[str, Callable[[], object]]:
        """Return the handlers of the dialog's commands, by name."""
        return {**super().command_handlers(), **list_handlers(self.query_one(OptionList))}

    def accept(self) -> None:
        """Take the choice that is highlighted."""
        if (at := self.query_one(OptionList).highlighted) is not None:
            self.dismiss(self._choices[at].value)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index].value)

    def press_key(self, event: events.Key) -> bool:
        """Take the choice with this key, or run a command."""
        key = event.character or ""
        if key and not self._pending and key in self._keys:
            self.dismiss(self._keys[key])
            return True
        return super().press_key(event)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def copy_dialog(
    keymap: Keymap, message: Message, link: SafeText, more: Sequence[Choice[SafeText]] = ()
) -> ChooseDialog[SafeText]:
    """Return the dialog of the parts of a mail that can be copied, its `link`, and `more`.

    A stranger chose the Message-ID: it is made visible, and quoted in the command.
    """
    message_id = shown(message.message_id)
    dashes = "-- " if message_id.startswith("-") else ""  # or it would be read as an option
    texts = (
        ("m", "Message-ID", message_id),
        ("s", "subject", shown(message.subject.text)),
        ("l", "link", link),
        ("b", "b4 command", shown(f"b4 am {dashes}{shlex.quote(message_id)}")),
    )
    choices = [text_choice(key, label, text) for key, label, text in texts]
    return ChooseDialog(keymap, "Copy", [*choices, *more])


def text_choice(key: str, label: str, text: SafeText) -> Choice[SafeText]:
    """Return the choice of a text, which it shows as far as there is room."""
    return Choice(text, SafeText(label), shown(text), key)
