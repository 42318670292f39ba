"""The tables that the journal is taken in by, see `core.triage.event_tables`."""

from __future__ import annotations

from typing import Final

TABLES: Final = """\
-- What was taken in of the triage journal (core.triage.event_tables): how far it was read, and its events.
CREATE TABLE ledger (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
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
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    event INTEGER NOT NULL,
    lead BLOB NOT NULL,                -- the first of its Message-IDs
    keys BLOB NOT NULL,                -- of all of them, 8 bytes each
    replies BLOB,                      -- 4 bytes of the key of each reply
    active REAL,
    before TEXT
);
CREATE INDEX entry_event ON entry (event);
CREATE TABLE entry_of (hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)) WITHOUT ROWID;
-- The last that was said of a mail being read, and of a hunk being viewed.
CREATE TABLE read_mark (
    hash INTEGER PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL, is_read INTEGER NOT NULL
);
CREATE TABLE viewed (
    key TEXT PRIMARY KEY, time INTEGER NOT NULL, event TEXT NOT NULL, is_viewed INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""The statements that make the tables, each of which ends a line."""

NAMES: Final = ("ledger", "event", "entry", "entry_of", "read_mark", "viewed")
"""The tables."""
