"""The terms about a whole row, `is:` and `has:`: each as SQL over followed lists, and as a check of one item in memory.

One table for both, so that a query finds the same in a followed list and in an opened target.
"""

# ruff: noqa: S608 - the SQL is put together of the texts in this file alone
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

from core.index.inbox import IN_INBOX
from core.index.review_summary import LETTERS, NO_REVIEW, ReviewSummary
from core.index.row_summary import count_trailers
from core.model import Series, Thread
from core.triage.state import INITIAL_STATE, TriageState
from core.triage.transitions import DECIDED, Status


class ItemFacts:
    """The facts of a series or thread in memory that the terms ask for."""

    def __init__(
        self,
        item: Series | Thread,
        state: TriageState = INITIAL_STATE,
        *,
        unread: bool = True,
        opened: bool = False,
        is_mine: Callable[[], bool] = lambda: False,
        has_attachments: Callable[[], bool] = lambda: False,
        review: Callable[[], ReviewSummary] = lambda: NO_REVIEW,
    ) -> None:
        """Take the item, its triage state, whether a mail of the newest version was read, and functions for the
        facts that cost more.
        """
        self.item = item
        self.state = state
        self.unread = unread
        self.opened = opened
        self.is_mine = is_mine
        self.has_attachments = has_attachments
        self.review = review

    @cached_property
    def series(self) -> Series | None:
        """The item, where it is a series."""
        return self.item if isinstance(self.item, Series) else None

    @property
    def replies(self) -> int:
        """How many mails answer."""
        return self.series.replies if self.series else len(getattr(self.item, "replies", ()))

    @property
    def have(self) -> int:
        """Patches of the newest version that are here; 0 for a thread."""
        return len(self.series.versions[-1].patches) if self.series else 0

    @property
    def total(self) -> int:
        """Patches that the newest version has; 0 for a thread."""
        return self.series.versions[-1].total if self.series else 0

    @property
    def has_cover(self) -> bool:
        """Whether any version has a cover letter."""
        return any(version.cover for version in self.series.versions) if self.series else False


@dataclass(frozen=True, slots=True)
class RowTerm:
    """A term about a row: as a condition on `item`, and as a test in memory."""

    sql: str
    """`{status}` is replaced by the row's current status; "" where the compiler builds it from addresses."""
    holds: Callable[[ItemFacts], bool]


def _lacks(letter: str, review: ReviewSummary, _: object) -> bool:
    return letter in review.missing


def _facet(condition: str) -> str:
    return f"list_row.id IN (SELECT list_row FROM series_facts WHERE NOT thread AND {condition})"


def _triage_condition(condition: str) -> str:
    return f"list_row.id IN (SELECT list_row FROM triage_state WHERE {condition})"


def _status(status: Status) -> RowTerm:
    return RowTerm(
        _triage_condition(f"{{status}} = '{status}'"), lambda facts: facts.state.status is status
    )


_Marks = Iterable[tuple[str, bool]]

REVIEW_TERMS: Final[Mapping[str, Callable[[ReviewSummary, _Marks], bool]]] = {
    "is:stale": lambda review, _: bool(review.stale),
    "is:forgotten": lambda review, _: review.forgotten > 0,
    "has:open-comments": lambda review, settled: review.open_comments(settled) > 0,
    **{f"missing:{one.lower()}": partial(_lacks, one) for one in LETTERS},
}
"""The terms about reviews: whether each holds of a summary, given people's marks on its comments."""


def _review_holds(name: str, facts: ItemFacts) -> bool:
    return facts.series is not None and REVIEW_TERMS[name](facts.review(), facts.state.settled)


_DECIDED: Final = ", ".join(f"'{status}'" for status in sorted(DECIDED))

_BACK: Final = "(json_extract(CAST(data AS TEXT), '$[1]') != '' OR {status} != triage_state.status)"

ROW_TERMS: Final[Mapping[str, RowTerm]] = {
    "is:unread": RowTerm("list_row.unread > 0", lambda facts: facts.unread),
    "is:read": RowTerm("list_row.unread = 0", lambda facts: not facts.unread),
    "is:new": RowTerm(
        "list_row.id NOT IN (SELECT list_row FROM triage_state WHERE {status} != 'new')",
        lambda facts: facts.state.status is Status.NEW,
    ),
    "is:open": RowTerm(
        f"list_row.id NOT IN (SELECT list_row FROM triage_state WHERE {{status}} IN ({_DECIDED})"
        f" OR (landed = 2 AND NOT {_BACK}))"
        f" AND {IN_INBOX}",
        lambda facts: not facts.state.is_out_of_inbox,
    ),
    **{
        f"is:{status}": _status(status)
        for status in (Status.READING, Status.DONE, Status.SKIPPED, Status.WAITING, Status.LATER, Status.ACCEPTED)
    },
    "is:back": RowTerm(_triage_condition(_BACK), lambda facts: bool(facts.state.why)),
    "is:landed": RowTerm(_triage_condition("landed = 2"), lambda facts: facts.state.is_landed),
    "is:applied": RowTerm(_triage_condition("applied"), lambda facts: bool(facts.state.branch)),
    "is:flagged": RowTerm(_triage_condition("flagged"), lambda facts: facts.state.flagged),
    "is:complete": RowTerm(_facet("received >= total"), lambda facts: facts.series is not None and facts.have >= facts.total),
    "is:incomplete": RowTerm(_facet("received < total"), lambda facts: facts.have < facts.total),
    "is:reviewed": RowTerm(
        _facet("trailers > 0"),
        lambda facts: bool(facts.series and count_trailers(facts.series, facts.series.versions[-1])),
    ),
    **{name: RowTerm("", partial(_review_holds, name)) for name in REVIEW_TERMS},
    "is:series": RowTerm("NOT list_row.thread", lambda facts: facts.series is not None),
    "is:thread": RowTerm("list_row.thread", lambda facts: facts.series is None),
    "is:mine": RowTerm("", lambda facts: facts.is_mine()),
    "has:replies": RowTerm("list_row.replies > 0", lambda facts: facts.replies > 0),
    "has:trailers": RowTerm(
        "list_row.id IN (SELECT list_row FROM node WHERE role & 8 AND list_row IS NOT NULL)",
        lambda facts: bool(facts.series and facts.series.trailers),
    ),
    "has:versions": RowTerm(
        _facet("versions > 1"), lambda facts: bool(facts.series and len(facts.series.versions) > 1)
    ),
    "has:newversion": RowTerm(
        "list_row.unread_roles & 1 AND NOT EXISTS"
        " (SELECT 1 FROM node WHERE node.list_row = list_row.id AND role & 1 AND is_read)",
        lambda facts: not facts.opened and bool(facts.series and len(facts.series.versions) > 1),
    ),
    "has:cover": RowTerm(
        "list_row.id IN (SELECT list_row FROM posting WHERE has_cover AND list_row IS NOT NULL)",
        lambda facts: facts.has_cover,
    ),
    "has:attachments": RowTerm("", lambda facts: facts.has_attachments()),
    "has:labels": RowTerm(_triage_condition("labels != '[]'"), lambda facts: bool(facts.state.labels)),
    "has:note": RowTerm(
        _triage_condition("json_extract(CAST(data AS TEXT), '$[6]') != ''"),
        lambda facts: bool(facts.state.note),
    ),
}  # fmt: skip
