"""The steps from each version of the index's schema to the next.

Version 1 is `schema.sql` and the tables of `core.triage.schema` as 0.1.0 has them. From then on a change of a table is a new
step here, written out: a step never uses the tables' definitions of today, and is never edited once it was released. A small
index of every version lies in tests/data and is opened by the tests.
"""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final[tuple[str, ...]] = ()
"""What makes an index of version n (counted from 1) one of version n + 1: SQL statements, each of which ends a line."""
