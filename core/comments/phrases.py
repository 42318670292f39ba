"""The evidence of a comment's outcome as phrases, for every form of output."""

from __future__ import annotations

from core.comments.values import CommentLedger, FollowedComment


def ledger_heading(ledger: CommentLedger) -> str:
    """Return the versions of a ledger: `on v1, seen in v2`."""
    seen = f", seen in v{ledger.seen_in}" if ledger.seen_in is not None else ""
    return f"on v{ledger.version}{seen}"


def ledger_summary(ledger: CommentLedger) -> str:
    """Return how many comments are open, and how many texts were left out."""
    counts = f"{ledger.open} open of {len(ledger.comments)}"
    return f"{counts}; {ledger.left_out} left out: thanks, trailers, the author's own"


def evidence_phrases(one: FollowedComment) -> list[str]:
    """Return the evidence of a comment's outcome, in the order of its weight."""
    phrases = [one.next.evidence.value]
    phrases += ["answered"] * one.discussion.author_answered
    phrases += [f"then {one.discussion.tag}"] * bool(one.discussion.tag)
    phrases += ["in the changelog"] * one.discussion.in_changelog
    phrases += ["most of the patch changed"] * one.next.rewritten
    return phrases
