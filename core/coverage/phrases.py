"""The counts of a coverage as phrases, for every form of output."""

from __future__ import annotations

from core.coverage.ready import ReadyRule
from core.coverage.values import Coverage, Tag


def coverage_summary(found: Coverage, rule: ReadyRule | None = None) -> str:
    """Return the counts of a coverage, and whether the series meets a rule, as one line."""
    counts = [f"{found.reviewed}/{len(found.patches)} reviewed"]
    counts += [f"{found.stale} stale"] * bool(found.stale)
    counts += [f"{len(found.forgotten)} forgotten"] * bool(found.forgotten)
    if rule is not None:
        unready = ", ".join(map(str, rule.unready(found)))
        counts.append(f"not ready ({rule.text}): {unready}" if unready else f"ready ({rule.text})")
    return " · ".join(counts)


def tag_phrase(tag: Tag, version: int, *, forgotten: bool) -> str:
    """Return a trailer and its state for a `version`: `Reviewed-by stale, given on v2, since then: code`."""
    parts = ["forgotten" if forgotten else tag.state.value]
    if tag.version is not None and tag.version != version:
        parts.append(f"given on v{tag.version}")
    if tag.since:
        parts.append(f"since then: {', '.join(tag.since)}")
    return f"{tag.name} {', '.join(parts)}"
