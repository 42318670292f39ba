"""The user's drafts as the screens know them: read once, and again after each change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from core.errors import PatchdeskError
from core.model import Message, OpenedMessage
from tui.desk.external import raw_of
from tui.desk.requests import Session
from tui.desk.undo import Undo

if TYPE_CHECKING:
    from core.config import Config
    from core.desk.reply_service import ReplyService
    from core.reply.draft import Draft
    from core.series.review_comments import ReviewComment
    from tui.tasks import Task, Tasks

T = TypeVar("T")

NOT_KEPT: Final = "The demo keeps no replies.", "Open a list or a file of your own."


@dataclass(frozen=True, slots=True)
class AnsweredMessage:
    """A message that is to be answered, and the series it belongs to."""

    session: Session
    message: Message
    series: str


class OwnDrafts:
    """The reply service and its latest drafts, shared by the controllers that answer mails. No widget."""

    def __init__(self, config: Callable[[], Config | None]) -> None:
        """`config` returns None where no replies are kept, as in the demo."""
        self._config = config
        self._show: Callable[[], object] = lambda: None
        self._service: ReplyService | None = None
        self.undo = Undo()
        """Takes back that a reply is ready, until a later act of the user takes its place."""
        self.drafts: Sequence[Draft] = ()
        """Every draft of the last 30 days, as of the last `refresh`."""

    def set_show(self, show: Callable[[], object]) -> None:
        """Let `show` show the drafts after each change."""
        self._show = show

    @property
    def are_kept(self) -> bool:
        """Whether replies are kept here."""
        return self._config() is not None

    @property
    def ready_count(self) -> int:
        """How many replies are ready, and not sent."""
        return sum(one.state == "ready" for one in self.drafts)

    def service(self) -> ReplyService:
        """Return the service; made at the first call, since that asks git for the user's name. Raises PatchdeskError."""
        if self._service is None:
            if (config := self._config()) is None:
                raise PatchdeskError(*NOT_KEPT)
            from core.desk.reply_service import ReplyService

            self._service = ReplyService(config)
        return self._service

    def refresh(self) -> None:
        """Read the drafts again; blocks. Raises PatchdeskError."""
        if self.are_kept:
            from core.reply.draft_store import DraftStore

            self.drafts = DraftStore.default().list().drafts

    def run(
        self,
        tasks: Tasks,
        work: Callable[[Task], T],
        then: Callable[[T], object],
        failed: Callable[[PatchdeskError], object],
        *,
        group: str = "reply",
    ) -> None:
        """Run work that changes drafts; show them as they are after it, and then its result."""

        def changed(task: Task) -> T:
            try:
                return work(task)
            finally:
                self.refresh()

        def shown(result: T) -> None:
            self._show()
            then(result)

        tasks.start(group, changed, then=shown, failed=failed)

    def draft_for(self, target: AnsweredMessage) -> Draft:
        """Return the draft that answers a message, new where there is none; blocks. Raises PatchdeskError."""
        raw = raw_of(target.session, target.message)
        mail = target.session.mail(target.message)
        return self.service().draft_for(raw, mail, target.series)

    def with_comments(
        self, mail: OpenedMessage, comments: Sequence[ReviewComment]
    ) -> Sequence[ReviewComment]:
        """Return the comments on a mail together with the user's own that the list does not have yet."""
        if not self.drafts:
            return comments
        from core.reply.own_comments import with_own_comments

        there = {one.message.message_id for one in comments}
        drafts = [one for one in self.drafts if one.message_id not in there]
        return with_own_comments(mail, comments, drafts)
