"""Reports on a series as lines for the reader: a trial, its coverage, its comments, where it landed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown

if TYPE_CHECKING:
    from core.apply.values import Base, PatchFit
    from core.comments.values import CommentLedger
    from core.coverage.ready import ReadyRule
    from core.coverage.values import Coverage
    from core.landed.values import LandedPatch
    from core.model import Series

_FIT: Final = {"applied": "✓", "conflict": "✗", "missing": "?", "skipped": "·"}
_STATE: Final = {"open": "○", "likely settled": "●", "settled": "✓"}


def version_label(version: int) -> str:
    """Return a version's name: `v3`."""
    return f"v{version}"


def trial_lines(base: Base, fits: Sequence[PatchFit], total: int) -> list[SafeText]:
    """Return how each patch applied to a base."""
    matched = "" if base.matched is None else f", {base.matched[0]}/{base.matched[1]} files match"
    lines = [shown(f"base {base.commit[:12]} ({base.source.value}{matched})")]
    lines += [shown(f"     {base.note}")] * bool(base.note)
    lines.append(shown(""))
    for one in fits:
        number = f"{one.number}/{total}"
        lines.append(shown(f"{_FIT[one.fit.value]} {number:>7} {one.title}  {one.fit.value}"))
        for file in one.files:
            hunks = f"{file.failing} of {file.hunks} hunks, " if file.hunks else ""
            lines.append(shown(f"          {file.path}: {hunks}{file.reason}"))
    return lines


def coverage_lines(found: Coverage, rule: ReadyRule | None = None) -> list[SafeText]:
    """Return the review trailers of each patch, with their states, and whether the series meets a rule."""
    counts = [f"{found.reviewed}/{len(found.patches)} reviewed"]
    counts += [f"{found.stale} stale"] * bool(found.stale)
    counts += [f"{len(found.forgotten)} forgotten"] * bool(found.forgotten)
    if rule is not None:
        unready = ", ".join(map(str, rule.unready(found)))
        counts.append(f"not ready ({rule.text}): {unready}" if unready else f"ready ({rule.text})")
    lines = [shown(" · ".join(counts)), shown("")]
    forgotten = {(one.number, one.tag) for one in found.forgotten}
    for patch in found.patches:
        lines.append(shown(f"{patch.number:>3} {patch.title}"))
        for tag in patch.tags:
            words = ["forgotten" if (patch.number, tag) in forgotten else tag.state.value]
            if tag.version is not None and tag.version != found.version:
                words.append(f"given on {version_label(tag.version)}")
            if tag.since:
                words.append(f"since then: {', '.join(tag.since)}")
            name = tag.person.name or tag.person.address
            lines.append(shown(f"      {tag.letter} {name}  {', '.join(words)}"))
        lines += [
            shown(f"      c {one.name or one.address}  commented") for one in patch.commenters
        ]
        if not patch.tags and not patch.commenters:
            lines.append(shown("      no review"))
    return lines


def comment_lines(ledger: CommentLedger) -> list[SafeText]:
    """Return each comment with the evidence of its outcome."""
    seen = f", seen in {version_label(ledger.seen_in)}" if ledger.seen_in is not None else ""
    lines = [
        shown(f"on {version_label(ledger.version)}{seen}"),
        shown(f"{ledger.open} open of {len(ledger.comments)}; {ledger.left_out} left out: thanks, trailers, the author's own")
    ]  # fmt: skip
    number: int | None = None
    for one in ledger.comments:
        if one.number != number:
            number = one.number
            lines += [shown(""), shown(f"patch {number}" if number else "cover letter")]
        first = next((line.strip() for line in one.text.split("\n") if line.strip()), "")
        words = [one.next.evidence.value]
        words += ["answered"] * one.discussion.author_answered
        words += [f"then {one.discussion.tag}"] * bool(one.discussion.tag)
        words += ["in the changelog"] * one.discussion.in_changelog
        words += ["most of the patch changed"] * one.next.rewritten
        name = one.person.name or one.person.address
        lines.append(shown(f"  {_STATE[one.state.value]} {name}: {first}"))
        if one.quoted:
            lines.append(shown(f"      > {one.quoted.strip()}"))
        lines.append(shown(f"      {' · '.join(words)}"))
    return lines


def landed_lines(series: Series, found: Sequence[LandedPatch]) -> list[SafeText]:
    """Return the commits of each patch of the newest version."""
    lines = []
    version = series.versions[-1]
    for patch in version.patches:
        label = f"{patch.number}/{version.total} {patch.message.subject.title}"
        mine = [one for one in found if one.message_id == patch.message.message_id]
        if not mine:
            lines.append(shown(f"{label}: not found"))
        for one in mine:
            words = [one.evidence.value]
            words += ["changed"] * one.code_changed
            words += [f"reverted by {one.reverted_by[:12]}"] * bool(one.reverted_by)
            where = f"in {one.tree}" if one.tree else "in no tree here"
            lines.append(shown(f"{label}: {one.commit[:12]} {where} ({', '.join(words)})"))
    return lines
