"""The commands `reply`, `drafts` and `send`."""

from __future__ import annotations

import argparse
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import shown, shown_lines
from tui.cli.console import load_config_and_warn, print_error, print_lines, read_stdin
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command, add_message

if TYPE_CHECKING:
    from core.desk.reply_service import ReplyService
    from core.model import OpenedMessage
    from core.reply.draft import Draft

_TRAILER: Final = re.compile(r"[A-Za-z][A-Za-z-]{0,38}-by")
_reply_error: Final = partial(print_error, command="reply")
_send_error: Final = partial(print_error, command="send")


# ------------------------------------------------------------------- reply


def _add_reply(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "the message to answer")
    parser.add_argument(
        "--trailer",
        metavar="NAME",
        action="append",
        default=[],
        help="give this trailer in your name, such as Reviewed-by; may be repeated",
    )
    parser.add_argument(
        "--text", metavar="-", choices=["-"], help="read the text from standard input"
    )


def reply(arguments: argparse.Namespace) -> int:
    """Make a draft that answers a message, and print its id. Returns the exit status; raises PatchdeskError."""
    from core.desk.reply_service import ReplyService

    config = load_config_and_warn()
    for name in arguments.trailer:
        if not _TRAILER.fullmatch(name):
            _reply_error(f"{name!r} is not the name of a trailer.", "Name one such as Reviewed-by.")
            return 2
    if arguments.text and arguments.target == "-":
        _reply_error("Standard input cannot give both the messages and the text.")
        return 2
    service = ReplyService(config)
    with open_message(arguments.id, arguments.target, config) as found:
        raw = found.opener.raw(found.message)
        mail = found.opener.mail(found.message)
        series = next((item.id for item in found.listing.items), "")
    draft = service.new_draft(raw, mail, series)
    draft = service.with_trailer_lines(draft, arguments.trailer)
    if arguments.text:
        text = read_stdin().decode("utf-8", "replace")
        if draft.trailers:
            text = text.rstrip("\n") + "\n\n" + "\n".join(draft.trailers) + "\n"
        draft = service.with_text(draft, text)
    if arguments.text or arguments.trailer:
        draft = service.make_ready(draft, mail)
    else:
        draft = _edited(service, draft, mail)
    print_lines([draft.id])
    return 0


def _edited(service: ReplyService, draft: Draft, mail: OpenedMessage) -> Draft:
    """Let the user edit the text, and store it as a ready draft."""
    from core.reply.editing import edit_text

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise PatchdeskError(
            "An editor needs a terminal.", "Give --text - with the text on standard input."
        )
    draft = service.keep(draft)
    with service.editing(draft):
        before = service.text_to_edit(draft, mail)
        text = edit_text(service.editor_file(draft), before)
    kept = service.keep_edited(draft, before, text)
    if kept is None:
        raise PatchdeskError("Nothing was written: no draft was saved.")
    return kept


# ------------------------------------------------------------------- drafts


def _add_drafts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def drafts(arguments: argparse.Namespace) -> int:
    """Print the drafts of the last 30 days. Returns the exit status; raises PatchdeskError."""
    from core.desk.reply_service import ReplyService
    from core.json_records import to_line
    from core.reply.draft_json import draft_record

    service = ReplyService(load_config_and_warn())
    found = service.drafts()
    for problem in found.problems:
        print_error(problem, command="drafts")
    for left in service.left_in_editor():
        print_error(
            f"An editor left a text of {left.draft} in {left.path}.",
            "“:drafts” in the reader continues it.",
            command="drafts",
        )
    if arguments.json:
        print_lines(to_line(draft_record(one)) for one in found.drafts)
    else:
        print_lines(
            shown(f"{one.id}  {one.state.value:<7}  {one.subject}  to {one.to[0].address}")
            for one in found.drafts
            if one.to
        )
    return 0


# ------------------------------------------------------------------- send


def _add_send(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("drafts", metavar="DRAFT", nargs="*", help="ids that “drafts” lists")
    parser.add_argument("--ready", action="store_true", help="send every ready draft")
    parser.add_argument(
        "--dry-run", action="store_true", help="print each mail and the command that would send it"
    )
    parser.add_argument(
        "--yes", action="store_true", help="send without asking; needed without a terminal"
    )
    parser.add_argument(
        "--settle",
        nargs=2,
        metavar=("DRAFT", "sent|not"),
        help="record whether an unsure draft was sent",
    )


def send(arguments: argparse.Namespace) -> int:
    """Send drafts, each after its preview. Returns the exit status; raises PatchdeskError."""
    from core.desk.reply_service import ReplyService
    from core.reply.draft import DraftState

    service = ReplyService(load_config_and_warn())
    if arguments.settle:
        return _settle(service, arguments)
    if bool(arguments.drafts) == arguments.ready:
        _send_error("Name drafts, or give --ready.")
        return 2
    ids = arguments.drafts or [
        one.id for one in service.drafts().drafts if one.state is DraftState.READY
    ]
    if not (arguments.yes or arguments.dry_run or sys.stdin.isatty()):
        raise PatchdeskError(
            "Nothing is sent without a preview.",
            "Give --dry-run to see it, and --yes to send it without a terminal.",
        )
    status = 0
    for draft_id in ids:
        try:
            status |= _send_one(service, draft_id, arguments)
        except PatchdeskError as error:
            _send_error(error.message, error.hint)
            status = 1
    return status


def _send_one(service: ReplyService, draft_id: str, arguments: argparse.Namespace) -> int:
    from core.reply.draft import SENDABLE, DraftState

    draft = service.draft(draft_id)
    if draft.state not in SENDABLE and not arguments.dry_run:
        service.send(draft_id)  # raises, and says why
    seen = service.preview(draft)
    if arguments.dry_run or not arguments.yes:
        # A person looks at it: nothing of it may act on the terminal.
        text = seen.mail.raw.decode("utf-8", "replace")
        print_lines([shown(f"$ {' '.join(seen.call)}"), "", *shown_lines(text)])
    if arguments.dry_run:
        return 0
    if not arguments.yes and not _agreed(len(seen.mail.recipients)):
        print_lines([f"{draft_id} was not sent."])
        return 0
    sent = service.send(draft_id)
    if sent.state is DraftState.SENT:
        print_lines([f"{draft_id} sent"])
        return 0
    state = "may have been sent" if sent.state is DraftState.UNSURE else "was not sent"
    _send_error(f"{draft_id} {state}: {sent.attempts[-1].result}")
    return 1


def _agreed(recipients: int) -> bool:
    people = "1 recipient" if recipients == 1 else f"{recipients} recipients"
    sys.stderr.write(f"Send it to {people}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _settle(service: ReplyService, arguments: argparse.Namespace) -> int:
    draft_id, answer = arguments.settle
    if answer not in {"sent", "not"} or arguments.drafts or arguments.ready:
        _send_error("--settle takes a draft, and sent or not.")
        return 2
    draft = service.settle(draft_id, sent=answer == "sent")
    print_lines([f"{draft_id} {draft.state.value}"])
    return 0


COMMANDS: Final = (
    Command("reply", "write a reply as a draft and print its id", reply, _add_reply, TARGETS),
    Command("drafts", "list the drafts of replies", drafts, _add_drafts),
    Command("send", "send drafts, each after a preview", send, _add_send),
)
