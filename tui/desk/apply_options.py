"""The options of applying: trailers, Link and sign-off are remembered for each list, a base for each series of this run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.model import MessageId
from core.system.ui_state import UiState
from core.text import SafeText
from tui.desk.series_work import ChosenVersion
from tui.tasks import Tasks
from tui.widgets.choose import Choice

if TYPE_CHECKING:
    from core.desk.apply_service import ApplyOptions

_SECTION: Final = "apply"
_CHOICES: Final = (
    Choice("trailers", SafeText("review trailers"), SafeText("those of replies; asks where the code changed since")),
    Choice("link", SafeText("Link"), SafeText("the address of each patch's message")),
    Choice("sign_off", SafeText("Signed-off-by"), SafeText("your own, as the last trailer")),
)  # fmt: skip
_DEFAULT: Final = frozenset({"trailers"})
_MOST: Final = 200
"""Lists whose options are remembered."""


class RememberedOptions:
    """The options that the user chose, by list and by series. No widget."""

    choices = _CHOICES
    """The options that are switched on and off."""

    def __init__(self, state: UiState, tasks: Tasks) -> None:
        self._state = state
        self._tasks = tasks
        self._bases: dict[MessageId, str] = {}

    def on(self, chosen: ChosenVersion) -> frozenset[str]:
        """Return the options that are switched on for the list of a series."""
        found = self._state.get(_SECTION).get(_list_of(chosen))
        if not isinstance(found, list):
            return _DEFAULT
        return frozenset(one.value for one in _CHOICES if one.value in found)

    def set(self, chosen: ChosenVersion, on: frozenset[str]) -> None:
        """Remember the options for the list of a series."""
        name = _list_of(chosen)
        kept = {key: value for key, value in self._state.get(_SECTION).items() if key != name}
        kept = dict(list(kept.items())[-_MOST:])
        self._state.set(_SECTION, {**kept, name: sorted(on)})
        self._tasks.start("remember", lambda _: self._state.write())

    def base(self, chosen: ChosenVersion) -> str:
        """Return the base that was named for a series, "" for none."""
        return self._bases.get(chosen.series.id, "")

    def set_base(self, chosen: ChosenVersion, base: str) -> None:
        """Apply a series to this base from now on; "" looks for one."""
        self._bases[chosen.series.id] = base

    def names(self, chosen: ChosenVersion) -> str:
        """Return the names of the options that are switched on, as one text."""
        on = self.on(chosen)
        return ", ".join(one.label for one in _CHOICES if one.value in on) or "nothing"

    def of(self, chosen: ChosenVersion) -> ApplyOptions:
        """Return the options of a series."""
        from core.desk.apply_service import ApplyOptions

        on = self.on(chosen)
        return ApplyOptions(
            base=self.base(chosen),
            trailers="fresh" if "trailers" in on else "none",
            link="link" in on,
            sign_off="sign_off" in on,
        )


def _list_of(chosen: ChosenVersion) -> str:
    return chosen.series.lists[0] if chosen.series.lists else ""
