"""Gives trailers by a key: to a mail, or to whole series, each as a ready draft on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from core.errors import Cancelled, PatchdeskError
from core.model import Message, Series, Version
from core.reply.draft import TRAILERS, Draft
from core.text import SafeText, shown
from tui.desk.controller import Controller, DeskView, Handler
from tui.desk.own_drafts import AnsweredMessage
from tui.desk.ready_replies import Outcome, ReadyReplies
from tui.desk.requests import Session
from tui.tree.rows import Kind, Row, Whole

if TYPE_CHECKING:
    from tui.tasks import Task, Tasks

MOST: Final = 200
"""Mails that get a trailer at once."""
_KEYS: Final = dict(zip("ratn", TRAILERS, strict=True))
_SCOPE: Final = "scope"
"""Chosen in place of a trailer: ask again which mails of a series get one."""
_SECTION: Final = "trailers"
"""The part of the remembered state that has the answer."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """A series, or one mail, that gets a trailer."""

    series: str
    first: Message | None
    """The cover letter, or the one mail; None where there is no cover letter."""
    patches: Sequence[Message] = ()

    @property
    def has_scope(self) -> bool:
        """Whether the trailer can go to the cover letter, or to each patch."""
        return self.first is not None and bool(self.patches)

    def messages(self, *, each_patch: bool) -> Sequence[Message]:
        """Return the mails to answer."""
        if self.first is not None and not (each_patch and self.patches):
            return (self.first,)
        return self.patches


@dataclass(frozen=True, slots=True)
class _Answered:
    """The mails that get a trailer."""

    targets: Sequence[AnsweredMessage]
    given: frozenset[str]
    """The trailers that the open draft of each gives already."""
    has_scope: bool

    @property
    def title(self) -> str:
        """The subject, or how many mails there are."""
        count = len(self.targets)
        return self.targets[0].message.subject.text if count == 1 else f"{count} messages"


class Trailers(Controller):
    """Toggles trailers on the mail under the cursor, or on all marked series."""

    def __init__(self, desk: DeskView, tasks: Tasks, ready: ReadyReplies) -> None:
        super().__init__(desk, tasks)
        self._ready = ready

    def commands(self) -> Mapping[str, Handler]:
        """Return the handlers of commands, by name."""
        return {"reply.trailers": partial(self._ask, self._choose)}

    # ------------------------------------------------------------- which mails

    def _ask(self, then: Callable[[_Answered], object]) -> None:
        """Read the marked series, else the row under the cursor, and go on with their mails."""
        tree, session = self._desk.series_tree, self._desk.session
        marked = tree.marked
        row = None if marked else tree.row
        if session is None or not (marked or (row is not None and row.message is not None)):
            self._desk.show_message("No message to answer here.", "warning")
            return
        handles = [one for one in tree.handles(0, tree.count) if one in marked]
        loaded = {one: tree.load(one) for one in handles if isinstance(one, str)}
        each_patch = bool(self._each_patch)

        def answered(_: Task) -> _Answered:
            found = [
                loaded.get(one) if isinstance(one, str) else _item(session, one)
                for one in handles[: MOST + 1]
            ]
            subjects = [_subject(one) for one in found if one is not None]
            if row is not None:
                subjects.append(_subject_of_row(row))
            return self._answered(session, subjects, each_patch=each_patch)

        self._ready.start(answered, then)

    def _answered(
        self, session: Session, subjects: Sequence[_Subject], *, each_patch: bool
    ) -> _Answered:
        """Return the mails of some subjects. Raises PatchdeskError where there are too many."""
        targets = [
            AnsweredMessage(session, message, one.series)
            for one in subjects
            for message in one.messages(each_patch=each_patch)
        ]
        if not targets:
            raise PatchdeskError("No message to answer here.")
        if len(targets) > MOST:
            raise PatchdeskError(
                f"These are more than {MOST} mails to answer at once.", "Mark fewer series."
            )
        drafts = self._ready.own.service().open_drafts()
        given = [_names(drafts.get(one.message.message_id)) for one in targets]
        return _Answered(
            targets, frozenset.intersection(*given), any(one.has_scope for one in subjects)
        )

    # ------------------------------------------------------------- the questions

    @property
    def _each_patch(self) -> bool | None:
        """Whether each patch of a series gets the trailer, not the cover letter; None before the user was asked."""
        each = self._desk.settings.ui_state.get(_SECTION).get("each_patch")
        return each if isinstance(each, bool) else None

    def _choose(self, answered: _Answered) -> None:
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(name, SafeText(f"{'✓' if name in answered.given else ' '} {name}"), key=key)
            for key, name in _KEYS.items()
        ]
        if answered.has_scope and (each := self._each_patch) is not None:
            label = SafeText(f"  to {'each patch' if each else 'the cover letter'}")
            choices.append(Choice(_SCOPE, label, SafeText("change"), "s"))
        dialog = ChooseDialog(self._desk.keymap, shown(answered.title)[:60], choices)
        self._desk.app.push_screen(dialog, partial(self._chosen, answered))

    def _chosen(self, answered: _Answered, name: str | None) -> None:
        if name == _SCOPE:
            self._ask_scope(self._choose)
        elif name is not None and answered.has_scope and self._each_patch is None:
            self._ask_scope(partial(self._toggle, name))
        elif name is not None:
            self._toggle(name, answered)

    def _ask_scope(self, then: Callable[[_Answered], object]) -> None:
        """Ask which mails of a series get a trailer, remember it, and go on with those mails."""
        from tui.widgets.choose import Choice, ChooseDialog

        choices = [
            Choice(False, SafeText("the cover letter"), SafeText("one mail"), "c"),
            Choice(True, SafeText("each patch"), SafeText("a mail for each"), "p"),
        ]
        dialog = ChooseDialog(self._desk.keymap, "A trailer for a series goes to", choices)

        def chosen(each_patch: bool | None) -> None:
            if each_patch is not None:
                state = self._desk.settings.ui_state
                state.set(_SECTION, {"each_patch": each_patch})
                self._ready.start(lambda _: state.write(), lambda _: self._ask(then))

        self._desk.app.push_screen(dialog, chosen)

    # ------------------------------------------------------------- giving it

    def _toggle(self, name: str, answered: _Answered) -> None:
        self._ready.start(partial(self._toggled, name, answered), self._ready.show)

    def _toggled(self, name: str, answered: _Answered, task: Task) -> Outcome:
        """Give a trailer to each mail, or take it back where all have it. Raises PatchdeskError and Cancelled."""
        is_given = name not in answered.given
        drafts = self._ready.own.service().open_drafts()
        ready: list[Draft] = []
        errors: list[PatchdeskError] = []
        for target in answered.targets:
            if task.is_cancelled:
                raise Cancelled
            try:
                draft = drafts.get(target.message.message_id) or self._ready.own.draft_for(target)
                ready += self._changed(target, draft, name, is_given=is_given)
            except PatchdeskError as error:
                errors.append(error)
        if len(errors) == len(answered.targets):
            raise errors[0]
        text = f"{name} ready; :review sends it: {{}}" if is_given else f"{name} taken back: {{}}"
        done = answered.title if not errors else f"{len(answered.targets) - len(errors)} messages"
        failed = f" · {len(errors)} failed: {errors[0].message}" if errors else ""
        return Outcome(text.format(done) + failed, ready)

    def _changed(
        self, target: AnsweredMessage, draft: Draft, name: str, *, is_given: bool
    ) -> list[Draft]:
        """Give a trailer in a draft, or take it back; return the draft, if it is ready then."""
        service, mail = self._ready.own.service(), target.session.mail(target.message)
        names = [one for one in _trailer_names(draft) if one != name]
        changed = service.with_trailer_lines(draft, [*names, name] if is_given else names)
        if changed.is_empty:
            service.keep_composed(changed, mail)
            return []
        return [service.make_ready(changed, mail)]


def _item(session: Session, row: int) -> Whole | None:
    """Return a series or thread of the followed lists; None where it is gone."""
    return session.lists.rows.item(row) if session.lists is not None else None


def _subject(item: Whole) -> _Subject:
    if isinstance(item, Series):
        return _subject_of_version(item.id, item.versions[-1])
    return _Subject("", item.root)


def _subject_of_version(series: str, version: Version) -> _Subject:
    cover = version.cover.message if version.cover is not None else None
    return _Subject(series, cover, [one.message for one in version.patches])


def _subject_of_row(row: Row) -> _Subject:
    series = row.item.id if isinstance(row.item, Series) else ""
    if row.kind in (Kind.SERIES, Kind.VERSION, Kind.COVER) and row.version is not None:
        return _subject_of_version(series, row.version)
    return _Subject(series, row.message)


def _trailer_names(draft: Draft) -> Sequence[str]:
    return [line.partition(":")[0] for line in draft.trailers]


def _names(draft: Draft | None) -> frozenset[str]:
    return frozenset() if draft is None else frozenset(_trailer_names(draft))
