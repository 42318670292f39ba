"""The commands `apply` and `landed`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import shown
from tui.cli.console import interruptible, load_config_and_warn, print_lines
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command, add_message, add_source
from tui.desk.series_reports import landed_lines, trial_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from core.apply.values import Base, PatchFit, PatchSource
    from core.config import Config
    from core.desk.apply_service import ApplyService
    from core.model import Series, Version
    from tui.cli.mail import FoundMessage

_MOST_NUMBER: Final = 9_999


# ------------------------------------------------------------------- apply


def _add_apply(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "a message of the version to apply")
    parser.add_argument(
        "--repo", metavar="DIR", default="", help="the repository (default: the configured one)"
    )
    parser.add_argument("--base", metavar="REV", default="", help="apply to this commit alone")
    parser.add_argument(
        "--patches", metavar="LIST", type=_numbers, help="only these, such as 1-3,5"
    )
    parser.add_argument("--check", action="store_true", help="only tell whether it applies")
    parser.add_argument("--branch", metavar="NAME", default="", help="the branch to make")
    parser.add_argument(
        "--worktree", metavar="DIR", default="", help="keep a worktree of the branch there"
    )
    parser.add_argument(
        "--trailers",
        choices=("fresh", "all", "none"),
        default="fresh",
        help="review trailers to add: those given to this code, all, or none (default: fresh)",
    )
    parser.add_argument("--sign-off", action="store_true", help="add your Signed-off-by")
    parser.add_argument("--link", action="store_true", help="add a Link to each patch's message")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _numbers(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"{text!r} is no list like 1-3,5")
        start, end = int(first), int(last or first)
        if not 1 <= start <= end <= _MOST_NUMBER:
            raise argparse.ArgumentTypeError(f"{part!r} names no patches")
        found.update(range(start, end + 1))
    return frozenset(found)


def apply(arguments: argparse.Namespace) -> int:
    """Try a version, and apply it where it fits. Returns the exit status; raises PatchdeskError and Cancelled."""
    config = load_config_and_warn()
    with (
        open_message(arguments.id, arguments.target, config) as found,
        interruptible() as (_, stop),
    ):
        return _apply(arguments, config, found, stop)


def _apply(arguments: argparse.Namespace, config: Config, found: FoundMessage, stop: Event) -> int:
    from core.desk.apply_service import ApplyService, sources_of, suspicious_lines
    from core.desk.export import version_of
    from core.desk.versions import series_of

    series = series_of(found.listing, found.message.message_id)
    version = version_of(found.listing, found.message.message_id)
    if version is None:
        raise PatchdeskError(f"{found.message.message_id} is no part of a version.")
    service = ApplyService(config)
    repository = service.repository(arguments.repo, found.lists or series.lists, stop)
    patches, mails = sources_of(found.opener, version, arguments.patches)
    if not patches:
        raise PatchdeskError("None of these patches is in the version.", "Name others.")
    cover = b"" if version.cover is None else found.opener.raw(version.cover.message)
    trial = service.try_version(repository, version, patches, mails, arguments.base, cover)
    base, fits, branch, worktree = trial.base, trial.patches, "", ""
    if trial.applies and not arguments.check:
        if deceiving := list(suspicious_lines(mails)):
            lines = "\n".join(deceiving[:5])
            raise PatchdeskError(
                "The patches hold characters that hide or reorder text; nothing was applied.", lines
            )
        ready = _with_trailers(arguments, service, found, series, patches, stop)
        done = service.apply(
            repository, series, version, ready, base, arguments.branch, arguments.worktree
        )
        fits, branch, worktree = done.patches, done.branch, done.worktree
    _print_result(arguments, series, version, str(repository.path), base, fits, branch, worktree)
    return 0 if trial.applies and (branch or arguments.check) else 1


def _with_trailers(
    arguments: argparse.Namespace,
    service: ApplyService,
    found: FoundMessage,
    series: Series,
    patches: Sequence[PatchSource],
    stop: Event,
) -> list[PatchSource]:
    """Return the patches with the lines that are to be added to their messages."""
    from core.desk.coverage import series_coverage

    covered = None
    if arguments.trailers != "none":
        covered = series_coverage(found.opener, series, stop=stop)
    return [
        replace(
            one,
            trailers=service.trailers(
                covered,
                one.number,
                arguments.trailers,
                one.message_id,
                link=arguments.link,
                sign_off=arguments.sign_off,
            ),
        )
        for one in patches
        if one.message_id is not None
    ]


def _print_result(
    arguments: argparse.Namespace,
    series: Series,
    version: Version,
    repo: str,
    base: Base,
    fits: Sequence[PatchFit],
    branch: str,
    worktree: str,
) -> None:
    from core.desk.apply_service import apply_record
    from core.json_records import to_line

    if arguments.json:
        record = apply_record(series, version, repo, base, fits, branch, worktree)
        print_lines([to_line(record)])
        return
    lines = trial_lines(base, fits, version.total)
    lines += [shown(f"branch {branch}")] * bool(branch)
    lines += [shown(f"worktree {worktree}")] * bool(worktree)
    print_lines(lines)


# ------------------------------------------------------------------- landed


def _add_landed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="+", help="messages of the series to look for")
    add_source(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def landed(arguments: argparse.Namespace) -> int:
    """Print where the patches of series landed. Returns the exit status; raises PatchdeskError and Cancelled."""
    from core.desk.landed_service import LandedService, landed_record, trees_of
    from core.desk.versions import series_of
    from core.json_records import to_line

    config = load_config_and_warn()
    service = LandedService(trees_of(config))
    try:
        for name in arguments.ids:
            with (
                open_message(name, arguments.target, config) as found,
                interruptible() as (line, stop),
            ):
                series = series_of(found.listing, found.message.message_id)
                service.update(series, stop=stop, report=line.report)
                line.clear()
                result = service.landed(found.opener, series)
            if arguments.json:
                print_lines(to_line(landed_record(one)) for one in result)
            else:
                newest = series.versions[-1].version
                print_lines([shown(f"{series.subject} v{newest}"), *landed_lines(series, result)])
    finally:
        service.close()
    return 0


COMMANDS: Final = (
    Command("apply", "try a version, and apply it to a new branch", apply, _add_apply, TARGETS),
    Command("landed", "show in which commits patches landed", landed, _add_landed, TARGETS),
)
