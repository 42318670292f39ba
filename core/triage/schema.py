"""The tables of the applied journal, see `core.triage.event_tables`."""

from __future__ import annotations

from typing import Final

TABLES: Final = """\
-- What was taken in of the triage journal (core.triage.event_tables): how far it was read, and its events.
CREATE TABLE journal_meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,         -- its id in the journal
    step TEXT NOT NULL,                -- the same for all events of one key press
    host TEXT NOT NULL,
    time INTEGER NOT NULL,             -- microseconds of the Unix epoch
    verb TEXT NOT NULL,
    argument TEXT NOT NULL,
    note TEXT,
    patch INTEGER NOT NULL,
    undoes TEXT NOT NULL,              -- a step
    in_force INTEGER NOT NULL
);
CREATE INDEX event_step ON event (step);
CREATE INDEX event_undoes ON event (undoes) WHERE undoes != '';
CREATE INDEX event_done ON event (host, time) WHERE undoes = '';
CREATE INDEX event_undone ON event (host, time) WHERE undoes != '';
-- A series that an event is about, as it was known then.
CREATE TABLE event_series (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    lead BLOB NOT NULL,                -- the first of its Message-IDs
    keys BLOB NOT NULL,                -- of all of them, 8 bytes each
    replies BLOB,                      -- 4 bytes of the key of each reply
    active REAL,
    before TEXT
);
CREATE INDEX event_series_event ON event_series (event);
CREATE TABLE event_message (hash INTEGER NOT NULL, event_series INTEGER NOT NULL, PRIMARY KEY (hash, event_series)) WITHOUT ROWID;
-- The last that was said of a mail being read, and of a hunk being viewed.
CREATE TABLE read_flag (
    hash INTEGER PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL, is_read INTEGER NOT NULL
);
CREATE TABLE viewed_hunk (
    key TEXT PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL, is_viewed INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""The statements that make the tables, each of which ends a line."""

NAMES: Final = (
    "journal_meta", "event", "event_series", "event_message", "read_flag", "viewed_hunk",
)  # fmt: skip
"""The tables."""

STATE_TABLES: Final = """\
-- Where rows stand (core.index.triage_state); those that nothing was done to are not here.
CREATE TABLE triage_state (
    list_row INTEGER PRIMARY KEY,
    status TEXT NOT NULL,              -- a core.triage.transitions.Status; of one whose time has come still `later`
    wake REAL,                         -- when its time comes
    opened INTEGER NOT NULL,           -- then it is `reading`, else `new`
    flagged INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    decided REAL,                      -- when it was last decided
    until TEXT NOT NULL,               -- what it waits for, see core.triage.arguments
    labels TEXT NOT NULL,              -- a JSON array
    data BLOB NOT NULL,                -- all of it
    landed INTEGER NOT NULL DEFAULT 0, -- 1: some of its patches are in a tree of the user's, 2: all
    applied INTEGER NOT NULL DEFAULT 0 -- it was applied to a branch
);
CREATE INDEX triage_state_wake ON triage_state (wake) WHERE wake IS NOT NULL;
CREATE INDEX triage_state_tag ON triage_state (until) WHERE until LIKE 'tag:%';
CREATE INDEX triage_state_decided ON triage_state (decided) WHERE decided IS NOT NULL;
-- Tags that are waited for and have come, by the list whose repository has them.
CREATE TABLE tag_seen (list TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (list, tag)) WITHOUT ROWID;
-- Patches of series that are in a tree of the user's, or were (core.landed), by the hashes of their Message-IDs.
CREATE TABLE landed_patch (
    hash INTEGER NOT NULL, tree TEXT NOT NULL, is_changed INTEGER NOT NULL, is_reverted INTEGER NOT NULL,
    PRIMARY KEY (hash, tree)
) WITHOUT ROWID;
CREATE INDEX list_row_unread ON list_row (id) WHERE unread > 0;
-- Messages that events named since the states of their rows were computed (hashes of Message-IDs).
CREATE TABLE stale_state (hash INTEGER PRIMARY KEY);
"""
"""The statements that make the tables which an index has beside: the state of each row."""
