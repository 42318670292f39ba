"""Reports on a series as lines for the reader: a trial, its coverage, its comments, where it landed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from core.text import SafeText, shown_line

if TYPE_CHECKING:
    from core.apply.values import Base, PatchFit
    from core.comments.values import CommentLedger
    from core.coverage.ready import ReadyRule
    from core.coverage.values import Coverage
    from core.landed.values import LandedPatch
    from core.model import Series

_FIT: Final = {"applied": "✓", "conflict": "✗", "missing": "?", "skipped": "·"}
_TITLE: Final = 44
"""Cells of a patch's title in a table."""
_COLUMNS: Final = 10
"""People in a table of 80 cells."""
_STATE: Final = {"open": "○", "likely settled": "●", "settled": "✓"}


def version_label(version: int) -> str:
    """Return a version's name: `v3`."""
    return f"v{version}"


def trial_lines(base: Base, fits: Sequence[PatchFit], total: int) -> list[SafeText]:
    """Return how each patch applied to a base."""
    matched = "" if base.matched is None else f", {base.matched[0]}/{base.matched[1]} files match"
    lines = [shown_line(f"base {base.commit[:12]} ({base.source.value}{matched})")]
    lines += [shown_line(f"     {base.note}")] * bool(base.note)
    lines.append(shown_line(""))
    for one in fits:
        number = f"{one.number}/{total}"
        lines.append(shown_line(f"{_FIT[one.fit.value]} {number:>7} {one.title}  {one.fit.value}"))
        for file in one.files:
            hunks = f"{file.failing} of {file.hunks} hunks, " if file.hunks else ""
            lines.append(shown_line(f"          {file.path}: {hunks}{file.reason}"))
    return lines


def coverage_lines(found: Coverage, rule: ReadyRule | None = None) -> list[SafeText]:
    """Return the review trailers of each patch, with their states, and whether the series meets a rule."""
    from core.coverage.phrases import coverage_summary, tag_phrase

    lines = [
        shown_line(coverage_summary(found, rule)),
        shown_line(""),
        *matrix_lines(found),
        shown_line(""),
    ]
    forgotten = {(one.number, one.tag) for one in found.forgotten}
    for patch in found.patches:
        lines.append(shown_line(f"{patch.number:>3} {patch.title}"))
        for tag in patch.tags:
            name = tag.person.name or tag.person.address
            is_forgotten = (patch.number, tag) in forgotten
            phrase = tag_phrase(tag, found.version, forgotten=is_forgotten)
            lines.append(shown_line(f"      {tag.letter} {name}  {phrase}"))
        lines += [
            shown_line(f"      c {one.person.name or one.person.address}  commented")
            for one in patch.commenters
        ]
        if not patch.tags and not patch.commenters:
            lines.append(shown_line("      no review"))
    return lines


def matrix_lines(found: Coverage) -> list[SafeText]:
    """Return the table of patches and people, with a name above each column: as wide as 80 cells hold."""
    from core.coverage.matrix import coverage_matrix
    from tui.widgets.row_text import fit

    matrix = coverage_matrix(found)
    if not matrix.people:
        return []
    people = matrix.people[:_COLUMNS]
    further = matrix.further + len(matrix.people) - len(people)
    lines = [
        shown_line(f"{'':{_TITLE + 4}}{'│ ' * at}┌ {one.name or one.address}")
        for at, one in enumerate(people)
    ]
    for patch, cells in matrix.rows:
        drawn = " ".join(f"{cell.letter or ' '}{cell.mark or ' '}"[:2] for cell in cells[:_COLUMNS])
        title = fit(patch.title, _TITLE)
        lines.append(shown_line(f"{patch.number:>3} {title}{drawn.rstrip()}"))
    lines += [
        shown_line(
            "R reviewed · A acked · T tested · N against it · c commented · · asked, silent"
        ),
        shown_line(
            "! given to other code · ? first seen here · - forgotten though nothing changed"
        ),
    ]
    if further:
        lines.append(shown_line(f"{further} more people gave a trailer, commented or were asked."))
    return lines


def comment_lines(ledger: CommentLedger) -> list[SafeText]:
    """Return each comment with the evidence of its outcome."""
    from core.comments.phrases import evidence_phrases, ledger_heading, ledger_summary

    lines = [shown_line(ledger_heading(ledger)), shown_line(ledger_summary(ledger))]
    number: int | None = None
    for one in ledger.comments:
        if one.number != number:
            number = one.number
            lines += [shown_line(""), shown_line(f"patch {number}" if number else "cover letter")]
        first = next((line.strip() for line in one.text.split("\n") if line.strip()), "")
        name = one.person.name or one.person.address
        lines.append(shown_line(f"  {_STATE[one.state.value]} {name}: {first}"))
        if one.quoted:
            lines.append(shown_line(f"      > {one.quoted.strip()}"))
        lines.append(shown_line(f"      {' · '.join(evidence_phrases(one))}"))
    return lines


def landed_lines(
    series: Series,
    found: Sequence[LandedPatch],
    changes: Mapping[LandedPatch, Sequence[SafeText]],
) -> list[SafeText]:
    """Return the commits of each patch of the newest version, each with its interdiff where its code changed."""
    lines = []
    version = series.versions[-1]
    for patch in version.patches:
        label = f"{patch.number}/{version.total} {patch.message.subject.title}"
        mine = [one for one in found if one.message_id == patch.message.message_id]
        if not mine:
            lines.append(shown_line(f"{label}: not found"))
        for one in mine:
            words = [one.evidence.value]
            words += ["changed"] * one.code_changed
            words += [f"reverted by {one.reverted_by[:12]}"] * bool(one.reverted_by)
            where = f"in {one.tree}" if one.tree else "in no tree here"
            lines.append(shown_line(f"{label}: {one.commit[:12]} {where} ({', '.join(words)})"))
            if change := changes.get(one):
                lines += [*change, shown_line("")]
    return lines
