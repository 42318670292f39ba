"""The commands `apply` and `landed`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from core.errors import PatchdeskError
from core.text import shown
from tui.cli.console import interruptible, load_config_and_warn, print_error, print_lines
from tui.cli.mail import open_message
from tui.cli.parser import TARGETS, Command, add_message, add_source
from tui.desk.series_reports import landed_lines, trial_lines

if TYPE_CHECKING:
    from threading import Event

    from core.config import Config
    from core.desk.apply_service import ApplyOutcome
    from core.model import MessageId, Series, Version
    from tui.cli.mail import FoundMessage


_RESOLVE: Final = (
    "Resolve the conflict there; `:apply.conflicts` in the reader then makes the branch, or aborts."
)

# ------------------------------------------------------------------- apply


def _add_apply(parser: argparse.ArgumentParser) -> None:
    add_message(parser, "a message of the version to apply")
    parser.add_argument(
        "--repo", metavar="DIR", default="", help="the repository (default: the configured one)"
    )
    parser.add_argument("--base", metavar="REV", default="", help="apply to this commit only")
    parser.add_argument(
        "--patches", metavar="LIST", type=_numbers, help="only these patches, such as 1-3,5"
    )
    parser.add_argument("--check", action="store_true", help="only check whether it applies")
    parser.add_argument("--branch", metavar="NAME", default="", help="the name of the new branch")
    parser.add_argument(
        "--worktree",
        metavar="DIR",
        default="",
        help="keep a worktree of the branch there; of a conflict too, to be resolved",
    )
    parser.add_argument(
        "--trailers",
        choices=("fresh", "all", "none"),
        default="fresh",
        help="trailers of replies to add: those given to this code, all, or none (default: fresh)",
    )
    parser.add_argument("--sign-off", action="store_true", help="add your Signed-off-by")
    parser.add_argument("--link", action="store_true", help="add a Link to each patch's message")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _numbers(text: str) -> frozenset[int]:
    from core.apply.values import parse_patch_list

    numbers = parse_patch_list(text)
    if numbers is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 1-3,5")
    return numbers


def apply(arguments: argparse.Namespace) -> int:
    """Try a version, and apply it where it fits. Returns the exit status; raises PatchdeskError and Cancelled."""
    config = load_config_and_warn()
    with (
        open_message(arguments.id, arguments.target, config) as found,
        interruptible() as (_, stop),
    ):
        return _apply(arguments, config, found, stop)


def _apply(arguments: argparse.Namespace, config: Config, found: FoundMessage, stop: Event) -> int:
    from core.desk.apply_service import ApplyOptions, ApplyService
    from core.desk.export import version_of
    from core.desk.versions import series_of

    series = series_of(found.listing, found.message.message_id)
    version = version_of(found.listing, found.message.message_id)
    if version is None:
        raise PatchdeskError(f"{found.message.message_id} belongs to no version of a series.")
    service = ApplyService(config)
    repository = service.repository(arguments.repo, found.lists or series.lists, stop)
    options = ApplyOptions(
        patches=arguments.patches,
        base=arguments.base,
        branch=arguments.branch,
        worktree=arguments.worktree,
        trailers=arguments.trailers,
        link=arguments.link,
        sign_off=arguments.sign_off,
        keep_conflict=bool(arguments.worktree),
    )
    if arguments.check:
        outcome = service.try_version(repository, found.opener, series, version, options)
    else:
        prepared = service.prepare(repository, found.opener, series, version, options, stop)
        outcome = service.apply(prepared)
        _record(config, found.message.message_id, outcome)
    _print_outcome(series, version, outcome, as_json=arguments.json)
    return 0 if outcome.trial.applies and (arguments.check or outcome.branch) else 1


def _record(config: Config, message_id: MessageId, outcome: ApplyOutcome) -> None:
    """Write into the triage journal that a series was applied; where that fails, the branch is there all the same."""
    from core.triage.events import APPLIED, applied_argument
    from tui.cli.triage import open_triage

    applied = outcome.applied
    if applied is None or not applied.branch:
        return
    argument = applied_argument(applied.branch, applied.commits, applied.record)
    try:
        with open_triage(config) as triage:
            triage.record(APPLIED, message_id, argument)
    except PatchdeskError as error:
        print_error(error.message, error.hint)


def _print_outcome(
    series: Series, version: Version, outcome: ApplyOutcome, *, as_json: bool
) -> None:
    from core.desk.apply_service import apply_record
    from core.json_records import to_line

    if as_json:
        print_lines([to_line(apply_record(series, version, outcome))])
        return
    lines = trial_lines(outcome.trial.base, outcome.patches, version.total)
    lines += [shown(f"branch {outcome.branch}")] * bool(outcome.branch)
    lines += [shown(f"worktree {outcome.worktree}")] * bool(outcome.worktree)
    if outcome.worktree and not outcome.branch:
        lines.append(shown(_RESOLVE))
    print_lines(lines)


# ------------------------------------------------------------------- landed


def _add_landed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", metavar="ID", nargs="+", help="messages of the series to look for")
    add_source(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def landed(arguments: argparse.Namespace) -> int:
    """Print where the patches of series landed. Returns the exit status; raises PatchdeskError and Cancelled."""
    from core.desk.landed_service import LandedService, configured_trees, landed_record
    from core.desk.versions import series_of
    from core.json_records import to_line

    config = load_config_and_warn()
    service = LandedService(configured_trees(config))
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
                changes = (
                    {} if arguments.json else service.changes(found.opener, series, result, stop)
                )
            if arguments.json:
                print_lines(to_line(landed_record(one)) for one in result)
            else:
                newest = series.versions[-1].version
                print_lines(
                    [shown(f"{series.subject} v{newest}"), *landed_lines(series, result, changes)]
                )
    finally:
        service.close()
    return 0


COMMANDS: Final = (
    Command("apply", "try a version, and apply it to a new branch", apply, _add_apply, TARGETS),
    Command("landed", "show in which commits patches landed", landed, _add_landed, TARGETS),
)
