"""Hand a draft to a delivery way: recorded on disk before, never twice, to be settled by the user where the outcome is
unknown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from core.errors import PatchdeskError
from core.model import MessageId
from core.reply.delivery import (
    DeliveryError,
    DeliveryUnsureError,
    DeliveryWay,
    OutgoingMail,
)
from core.reply.draft import SENDABLE, Draft, DraftState
from core.reply.draft_store import DraftStore
from core.reply.message import build_message, mailbox

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail exactly as it would leave now, and the call that takes it."""

    mail: OutgoingMail
    call: tuple[str, ...]


def outgoing_mail(draft: Draft, date: datetime, blind_copy: str = "") -> OutgoingMail:
    """Return the mail that a draft becomes. Raises PatchdeskError where it cannot be sent as it is."""
    recipients = tuple(one.address for one in (*draft.to, *draft.cc))
    if not recipients:
        raise PatchdeskError("The reply has no recipient.", "Add one to To or Cc.")
    if not draft.body.strip():
        raise PatchdeskError("The reply is empty.", "Write something, or delete the draft.")
    return OutgoingMail(
        raw=build_message(draft, draft.body, date),
        sender=draft.sender.address,
        recipients=recipients,
        copies=tuple(" ".join(mailbox(one, "Cc").split()) for one in draft.cc),
        blind_copy=blind_copy,
    )


def preview(draft: Draft, way: DeliveryWay, date: datetime, blind_copy: str = "") -> Preview:
    """Return the mail and the call with which a draft would be sent. Raises PatchdeskError."""
    mail = outgoing_mail(draft, date, blind_copy)
    return Preview(mail, tuple(way.call(mail)))


def send_draft(
    store: DraftStore,
    draft_id: str,
    way: DeliveryWay,
    now: Callable[[], datetime],
    blind_copy: str = "",
) -> Draft:
    """Send a ready draft, or one that failed, and return it with its new state.

    The state on disk is `handing` before the mail is handed over, and the result afterwards; a crash between them
    leaves it unsure. Raises PatchdeskError where the draft is not to be sent, or another process has it.
    """
    with store.locked(draft_id):
        draft = store.load(draft_id, locked=True)
        _check_sendable(draft)
        mail = outgoing_mail(draft, now(), blind_copy)
        draft = store.begin_handing(draft, way.name)
        try:
            way.deliver(mail)
        except DeliveryError as error:
            return store.end_handing(draft, DraftState.FAILED, str(error))
        except DeliveryUnsureError as error:
            return store.end_handing(draft, DraftState.UNSURE, str(error))
        except Exception:
            _LOG.exception("draft %s: the way %s failed", draft_id, way.name)
            store.end_handing(draft, DraftState.UNSURE, "The program failed while handing it over.")
            raise
        return store.end_handing(draft, DraftState.SENT, "sent")


def settle_arrived(
    store: DraftStore, arrived: Callable[[Iterable[MessageId]], set[MessageId]]
) -> list[Draft]:
    """Settle as sent the unsure drafts whose Message-ID reached a list; `arrived` tests one."""
    unsure = [one for one in store.list().drafts if one.state is DraftState.UNSURE]
    if not unsure:
        return []
    there = arrived([one.message_id for one in unsure])
    return [store.settle(one.id, sent=True) for one in unsure if one.message_id in there]


def _check_sendable(draft: Draft) -> None:
    if draft.state in SENDABLE:
        return
    if draft.state is DraftState.DRAFT:
        raise PatchdeskError(f"Draft {draft.id} is not ready.", "Mark it ready first.")
    if draft.state is DraftState.SENT:
        raise PatchdeskError(f"Draft {draft.id} was sent already.", "It is never sent twice.")
    raise PatchdeskError(
        f"Draft {draft.id} may have been sent already.",
        f"Look whether it arrived, then “patchdesk send --settle {draft.id} sent” or “not”.",
    )
