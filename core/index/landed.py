"""The landed patches that an index knows: they are a part of the states of rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from core.index.codec import stable_hash
from core.index.database import transaction
from core.index.triage_state import bump_rows, recompute_states
from core.model import MessageId
from core.triage.landing import PatchLanding


def record_landed(
    connection: sqlite3.Connection, landed: Mapping[MessageId, Iterable[PatchLanding]]
) -> int:
    """Know these landed patches, in the place of those before; return how many rows show something else."""
    after = {
        (stable_hash(name), one.tree, int(one.is_changed), int(one.is_reverted))
        for name, found in landed.items()
        for one in found
    }
    with transaction(connection):
        before = set(connection.execute("SELECT * FROM landed_patch").fetchall())
        if before == after:
            return 0
        connection.executemany(
            "DELETE FROM landed_patch WHERE hash = ? AND tree = ?",
            [one[:2] for one in before - after],
        )
        connection.executemany("INSERT INTO landed_patch VALUES (?, ?, ?, ?)", after - before)
        rows = {
            row
            for (row,) in connection.execute(
                "SELECT DISTINCT list_row FROM json_each(?) CROSS JOIN node ON node.hash = value"
                " WHERE list_row IS NOT NULL",
                (json.dumps([one[0] for one in before ^ after]),),
            )
        }
        changed = recompute_states(connection, rows)
        bump_rows(connection, changed)
    return len(changed)
