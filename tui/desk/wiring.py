"""The controllers of the main screen, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tui.desk.actions import SeriesActions
from tui.desk.applying import Applying
from tui.desk.attachments import Attachments
from tui.desk.bots import BotMessages
from tui.desk.command_line import CommandLine
from tui.desk.comment_writer import CommentWriter
from tui.desk.conflicts import Conflicts
from tui.desk.controller import Controller, DeskView
from tui.desk.controllers import Controllers
from tui.desk.coverage import CoverageCells
from tui.desk.diff_style import DiffStyle
from tui.desk.digests import Digests
from tui.desk.discussions import Discussions
from tui.desk.drafts import Drafts
from tui.desk.external import External
from tui.desk.journal_writer import JournalWriter
from tui.desk.landed import LandedPatches
from tui.desk.lists import Lists
from tui.desk.mail import MailLoader
from tui.desk.marks import Marking
from tui.desk.opening import Opening
from tui.desk.own_drafts import OwnDrafts
from tui.desk.panes import Panes
from tui.desk.read_marks import ReadMarks
from tui.desk.ready_replies import ReadyReplies
from tui.desk.replies import Replies
from tui.desk.reply_review import ReplyReview
from tui.desk.requests import Desk
from tui.desk.results import Results
from tui.desk.review import Review
from tui.desk.row_facts import RowFacts
from tui.desk.search import Search
from tui.desk.series_job import SeriesJob
from tui.desk.sync import Sync
from tui.desk.trailers import Trailers
from tui.desk.triage import Triage
from tui.desk.triage_history import TriageHistory
from tui.desk.triage_state import TriageState
from tui.desk.version_marks import VersionMarks
from tui.desk.versions import Versions
from tui.desk.views import Views
from tui.tasks import Tasks


def make_controllers(desk: DeskView, tasks: Tasks, open_desk: Callable[[str], Desk]) -> Controllers:
    """Return the controllers; wherever several are asked, the first comes first. They are closed in reverse."""
    make = desk.settings.triage
    writer = JournalWriter(tasks, make) if make is not None else None
    opening = Opening(desk, tasks, open_desk)
    mail = MailLoader(desk, tasks)
    lists = Lists(desk, tasks, opening)
    marks = ReadMarks(desk, tasks, lists, mail, writer)
    views = Views(desk, tasks, lists)
    states = TriageState(desk, tasks, opening, lists, views, mail, writer)
    search = Search(desk, tasks, opening, lists, views)
    review = Review(desk, tasks, mail, marks)
    own = OwnDrafts(lambda: desk.settings.config)
    triage = Triage(desk, tasks, lists, marks, mail, states, writer, own.undo)
    review.set_settle(triage.settle, triage.settle_key)
    ready = ReadyReplies(desk, tasks, own)
    replies = ReplyReview(desk, tasks, ready)
    job = SeriesJob(desk, tasks)
    applying = Applying(desk, tasks, job, own, writer, states.load)
    conflicts = Conflicts(desk, tasks, job, applying)
    actions = SeriesActions(desk, tasks, opening, own, writer, job, applying, conflicts)
    reading = _reading_controllers(desk, tasks, mail, review, actions)
    return Controllers(
        External(desk, tasks),
        opening,
        mail,
        *reading,
        Marking(desk, tasks, opening, lists, search),
        Results(desk, tasks, search, lists, views, mail),
        lists,
        marks,
        Sync(desk, tasks, opening, lists),
        views,
        states,
        triage,
        TriageHistory(desk, tasks, states, writer),
        LandedPatches(desk, tasks, opening, states, writer),
        search,
        Digests(desk, tasks, opening, lists, mail),
        CommentWriter(desk, tasks, mail, review, own),
        Replies(desk, tasks, ready),
        Trailers(desk, tasks, ready),
        replies,
        Drafts(desk, tasks, own, replies),
        applying,
        conflicts,
        actions,
        Panes(desk, tasks),
        CommandLine(desk, tasks, own),
    )


def _reading_controllers(
    desk: DeskView, tasks: Tasks, mail: MailLoader, review: Review, actions: SeriesActions
) -> Iterator[Controller]:
    """Yield the controllers that show a series, its diffs, discussions, attachments, versions and coverage."""
    style = DiffStyle(desk, tasks)
    versions = Versions(desk, tasks, mail, review)
    style.set_hide_listener(versions.hide_viewed)
    yield review
    yield style
    yield Discussions(desk, tasks, mail, review)
    yield BotMessages(desk, tasks, review)
    yield RowFacts(desk, tasks)
    yield Attachments(desk, tasks, mail)
    yield versions
    yield CoverageCells(desk, tasks, actions, review, versions)
    yield VersionMarks(desk, tasks)
