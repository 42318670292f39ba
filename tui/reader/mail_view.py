"""Shows a mail of any size, or a note of the program in its place; lays it out, and again on changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

from textual.reactive import reactive

from core.model import OpenedMessage
from tui.reader.diff_layout import LAYOUTS, SIDES_FROM, Layout
from tui.reader.folded_page import FoldedPage
from tui.reader.page import Page, PageStyle
from tui.reader.page_view import PageView
from tui.tasks import Task, Tasks

if TYPE_CHECKING:
    from core.errors import PatchdeskError

    # What reads mail and diffs is imported with the first mail: the first frame does not wait for it.
    from tui.reader.mail_layout import ParsedMail
    from tui.reader.text_search import TextIndex

_FIRST_LINES: Final = 2_000
"""Lines of each part of a mail that are shown at once; the rest follows when it is laid out."""

_SOON: Final = 5_000
"""Lines of a diff that is laid out anew at once; a longer one would be felt."""

_LARGE: Final = 1 << 20
"""Characters of a mail from which on its search index is built in advance."""


class MailView(PageView):
    """Shows one mail, or a note of the program in its place.

    `clock` tells the time that ages count from; `zone` is the reader's, None the system's.
    """

    all_headers: reactive[bool] = reactive(False, repaint=False, init=False)
    """All headers, of mail and diff, and not the few that matter."""
    numbers: reactive[bool] = reactive(False, repaint=False, init=False)
    """Line numbers before the lines of a diff."""
    fold_quotes: reactive[bool] = reactive(False, repaint=False, init=False)
    """Longer quotes as one row each."""
    layout_wanted: reactive[Layout] = reactive[Layout]("unified", repaint=False, init=False)
    """How the sides of a diff stand to each other, where there is room."""
    words: reactive[bool] = reactive(True, repaint=False, init=False)
    """The words that changed in a line stand out."""
    ignore_blanks: reactive[bool] = reactive(False, repaint=False, init=False)
    """Lines in which only white space changed look like those that did not."""
    wrap: reactive[bool] = reactive(False, repaint=False, init=False)
    """No line of code is cut at the right edge."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        zone: tzinfo | None = None,
        tasks: Tasks | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(tasks=tasks, id=id, classes=classes)
        self._clock = clock
        self._zone = zone
        self._parts: ParsedMail | None = None
        self._note: tuple[str, tuple[str, ...]] | None = None
        self._begun = False
        """Only the beginning of a mail is here, the rest is being read."""
        self._coming: OpenedMessage | None = None
        """The mail whose beginning is shown while the rest is laid out."""

    # ------------------------------------------------------------- what it shows

    def show(self, mail: OpenedMessage, *, whole: bool = True) -> None:
        """Show a mail from its top; the one shown already stays where it is.

        Where it is not the `whole` mail, that is to follow, and takes its place.
        """
        if self._parts is not None and mail in (self._parts.mail, self._coming):
            return
        from tui.reader.mail_layout import parse_mail

        self._note = None
        follows = self._parts is not None and self._begun and _is_of(self._parts.mail, mail)
        self._begun, self._coming = not whole, None
        if not follows:
            self._parts = parse_mail(mail, _FIRST_LINES)
            self._begin()
        if whole and (follows or (self._parts is not None and not self._parts.whole)):
            # What is on the screen comes first: a thread would take its time from it.
            self._coming = mail
            self.call_after_refresh(self._lay_out_coming, mail)

    def _lay_out_coming(self, mail: OpenedMessage) -> None:
        if self._coming is mail:
            self._lay_out_whole(mail, None, self._page_style)

    def show_note(self, title: str, lines: Sequence[str]) -> None:
        """Show a text of the program: an error, or the next steps."""
        self._parts, self._note = None, (title, tuple(lines)) if title or lines else None
        self._coming = None
        self._begin()

    def clear(self) -> None:
        """Show nothing."""
        self._parts = self._note = self._coming = None
        self._begin()

    @property
    def mail(self) -> OpenedMessage | None:
        """The mail that is shown, complete as soon as it is read."""
        if self._coming is not None:
            return self._coming
        return self._parts.mail if self._parts is not None else None

    @property
    def _page_style(self) -> PageStyle:
        width = self.scrollable_content_region.width
        narrow = self.layout_wanted == "sides" and not self._has_room_for_sides
        layout: Layout = "unified" if narrow else self.layout_wanted
        return PageStyle(
            width,
            self.all_headers,
            self.numbers,
            self.fold_quotes,
            layout,
            self.words,
            self.ignore_blanks,
            self.wrap,
        )

    @property
    def _has_room_for_sides(self) -> bool:
        return self.app.size.width >= SIDES_FROM

    def _begin(self) -> None:
        """Start the layout of a new mail."""
        self._relayout(keep=False)

    def _lay_out_whole(
        self, mail: OpenedMessage, parts: ParsedMail | None, style: PageStyle
    ) -> None:
        """Lay out the whole of a large mail, or `parts` of it again, off the thread that paints."""
        self._tasks.start(
            "layout",
            lambda task: self._lay_out(mail, parts, style, task),
            failed=self._not_laid_out,
            replace=True,
        )

    def _lay_out(
        self, mail: OpenedMessage, parts: ParsedMail | None, style: PageStyle, task: Task
    ) -> None:
        """Lay out in a task and deliver the page; then find moved lines in the diff and deliver those."""
        from tui.reader.mail_layout import layout_mail, parse_mail
        from tui.reader.text_search import TextIndex

        is_new = parts is None
        parts = parts or parse_mail(mail)
        page = layout_mail(parts, style, self._clock(), self._zone)
        # A larger one is made when something is looked for: it takes more memory than the mail.
        is_quick = style.layout == "unified" and not style.wrap
        index = TextIndex(page) if len(mail.text) < _LARGE and is_quick else None
        task.tell(self._take_whole, parts, style, page, index)
        if page.diff is not None and is_new and not task.is_cancelled:
            page.diff.code.find_moved_blocks()
            task.tell(self._show_moves, page)

    def _not_laid_out(self, _: PatchdeskError) -> None:
        """Leave the beginning of the mail as it is."""
        self._coming = None

    def _show_moves(self, page: Page) -> None:
        """Repaint with moved lines."""
        if (diff := self._page.base.diff) is not None and page.diff is not None:
            diff.copy_state_from(page.diff)
            self._repaint()

    def _take_whole(
        self, parts: ParsedMail, style: PageStyle, page: Page, index: TextIndex | None
    ) -> None:
        """Show the whole in the place of its beginning, which has the same rows."""
        if self._parts is not None and parts.mail in (self._parts.mail, self._coming):
            self._parts, self._coming = parts, None
            ended = self.at_end and self.scroll_offset.y > 0
            if style == self._page_style:
                self._relayout(keep=True, page=page, matches=index)
            else:
                self._relayout_async()  # another way was asked for meanwhile
            if ended:
                self.action_bottom()

    def _relayout(
        self, *, keep: bool, page: Page | None = None, matches: TextIndex | None = None
    ) -> None:
        """Lay out again, or take `page`; with `keep` it is the same mail, and the top row stays at the top."""
        style = self._page_style
        woven = self._woven(page if page is not None else self._build_page(style))
        if page is not None and woven.count != page.count:
            matches = None  # of the page without what stands between its rows
        self.set_page(woven, style.width, keep=keep, index=matches)

    def _woven(self, page: Page) -> FoldedPage:
        """Return a page as it is to be shown."""
        return FoldedPage(page)

    def _build_page(self, style: PageStyle) -> Page:
        """Return the laid-out page."""
        if not style.width or (self._parts is None and self._note is None):
            return Page([])
        from tui.reader.mail_layout import layout_mail, layout_note

        if self._parts is not None:
            return layout_mail(self._parts, style, self._clock(), self._zone)
        return layout_note(*self._note, style.width) if self._note is not None else Page([])

    def on_resize(self) -> None:
        """Lay out for the new width."""
        width = self.scrollable_content_region.width
        if width and width != self._laid_out:  # it has none while it is hidden
            self._relayout(keep=True)
        else:
            self._colouring.start()

    def _relayout_async(self) -> None:
        """Lay out the same mail in another way; a large one off the thread that paints, while the old one stays."""
        parts = self._parts
        if parts is None or not parts.whole or len(parts.diff.lines) <= _SOON:
            self._relayout(keep=True)
        else:
            self._lay_out_whole(parts.mail, parts, self._page_style)

    def watch_all_headers(self) -> None:
        """Lay out again."""
        self._relayout(keep=True)

    def watch_numbers(self) -> None:
        """Lay out again, if there is a diff."""
        if self._page.base.diff is not None:
            self._relayout(keep=True, matches=self._index)  # the text stays the same

    def watch_fold_quotes(self) -> None:
        """Lay out again."""
        self._relayout(keep=True)

    def watch_layout_wanted(self) -> None:
        """Lay out again."""
        self._relayout_async()

    def watch_wrap(self) -> None:
        """Lay out again, from the left edge."""
        self.pan = 0
        self._relayout_async()

    def watch_words(self) -> None:
        """Repaint, with the changed words or without."""
        if (diff := self._page.base.diff) is not None:
            diff.code.words, diff.code.ignore_blanks = self.words, self.ignore_blanks
            if diff.has_sides:
                self._index = None  # words on what moved are in its rows
            self._repaint()

    watch_ignore_blanks = watch_words

    def action_toggle_all_headers(self) -> None:
        """Show all headers, or the few that matter."""
        self.all_headers = not self.all_headers

    def action_toggle_numbers(self) -> None:
        """Show or hide line numbers in diffs."""
        self.numbers = not self.numbers

    def action_toggle_quotes(self) -> None:
        """Fold or unfold quotes."""
        self.fold_quotes = not self.fold_quotes

    def action_toggle_syntax(self) -> None:
        """Show code in colours, or plain."""
        self.syntax = not self.syntax

    def action_next_layout(self) -> Layout:
        """Go to the next layout of diffs that there is room for; return which."""
        place = LAYOUTS.index(self.layout_wanted) + 1
        wanted = LAYOUTS[place % len(LAYOUTS)]
        if wanted == "sides" and not self._has_room_for_sides:
            wanted = "stacked"
        self.layout_wanted = wanted
        return wanted

    def action_toggle_words(self) -> None:
        """Let the words that changed in a line stand out, or not."""
        self.words = not self.words

    def action_toggle_wrap(self) -> None:
        """Wrap long lines of code, or cut them at the right edge, to be panned."""
        self.wrap = not self.wrap

    def action_toggle_blanks(self) -> None:
        """Ignore changes of white space, or show them."""
        self.ignore_blanks = not self.ignore_blanks


def _is_of(beginning: OpenedMessage, mail: OpenedMessage) -> bool:
    """Whether one mail is the beginning of another."""
    one, other = beginning.message, mail.message
    return one.message_id == other.message_id and one.key == other.key
