"""The steps from each version of the index's schema to the next.

Version 1 is `schema.sql` and the tables of `core.triage.schema` as 0.1.0 has them. From then on a change of a table is a new
step here, written out: a step never uses the tables' definitions of today, and is never edited once it was released. A small
index of every version lies in tests/data and is opened by the tests.
"""

from __future__ import annotations

from typing import Final

_LANDED: Final = """\
ALTER TABLE triage_state ADD COLUMN landed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE triage_state ADD COLUMN applied INTEGER NOT NULL DEFAULT 0;
CREATE TABLE landed_patch (
    hash INTEGER NOT NULL, tree TEXT NOT NULL, is_changed INTEGER NOT NULL, is_reverted INTEGER NOT NULL,
    PRIMARY KEY (hash, tree)
) WITHOUT ROWID;
"""
"""From version 1: patches that landed."""

MIGRATIONS: Final[tuple[str, ...]] = (_LANDED,)
"""The step from version n (counted from 1) to n + 1: SQL statements, each of which ends a line."""
