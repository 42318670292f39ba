-- What is known of the mails of followed lists. Everything here can be built again from where the mails are, but
-- for `node.is_read`, which repeats what the triage journal says.
--
-- Texts from mails are BLOBs in UTF-8, with lone surrogates as they are: SQLite's TEXT takes neither these nor NUL well.

CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
-- What tells this index from one that is built anew in its place.
INSERT INTO meta VALUES ('identity', lower(hex(randomblob(16))));

-- A followed list, and its parts: an epoch each, or a file, a folder, a server.
CREATE TABLE list (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    read_before INTEGER NOT NULL,      -- mails of its past dated before this count as read
    synced INTEGER                     -- when it was last brought up to date
);
CREATE TABLE list_part (
    id INTEGER PRIMARY KEY,
    list INTEGER NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL,             -- larger, the later its mails came
    path TEXT NOT NULL,                -- the repository that has the mails; '' where their bytes are in `raw_message`
    position TEXT NOT NULL,            -- where to go on: what is before it is here, see core.sources.source
    UNIQUE (list, name)
);

-- Texts that come again and again: people, trailers, list ids.
CREATE TABLE phrase (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text BLOB NOT NULL);
CREATE INDEX phrase_hash ON phrase (hash);
-- Their words, to find people by; see core.index.full_text.
CREATE VIRTUAL TABLE phrase_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');

-- A Message-ID, of a mail that is here or of one that others name. Those that name each other have the same `conversation`.
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    name BLOB NOT NULL,
    conversation INTEGER NOT NULL,
    list_row INTEGER,                      -- the series or thread that the mail is shown in, once that is known
    role INTEGER NOT NULL DEFAULT 0,   -- what it is there, see core.index.row_summary
    is_read INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX node_hash ON node (hash);
CREATE INDEX node_conversation ON node (conversation);
CREATE INDEX node_list_row ON node (list_row) WHERE list_row IS NOT NULL;

-- A mail as it was delivered; those of one Message-ID are copies of each other, or clash.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    node INTEGER NOT NULL,
    blob BLOB NOT NULL UNIQUE,         -- the id that git gives its bytes
    facts BLOB NOT NULL                -- see core.index.codec
);
CREATE INDEX message_node ON message (node);
CREATE TABLE part_message (
    list_part INTEGER NOT NULL,
    message INTEGER NOT NULL,
    name TEXT,                         -- what the part calls it, where that is not its blob
    PRIMARY KEY (list_part, message)
) WITHOUT ROWID;
CREATE INDEX part_message_message ON part_message (message);
-- What was removed in a part of a list, since older parts may be read later.
CREATE TABLE tombstone (
    list INTEGER NOT NULL,
    blob BLOB NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (list, blob, rank)
) WITHOUT ROWID;
CREATE TABLE raw_message (message INTEGER PRIMARY KEY, packed BLOB NOT NULL);

-- The files that a patch touches, with the lines that it adds and removes.
CREATE TABLE path (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
CREATE TABLE patch_file (
    message INTEGER NOT NULL,
    path INTEGER NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    PRIMARY KEY (message, path)
) WITHOUT ROWID;
CREATE INDEX patch_file_path ON patch_file (path);

-- What mails are found by: the words of their subjects, who sent, wrote and got them (core.index.full_text), and when.
CREATE VIRTUAL TABLE subject_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
CREATE TABLE participant (
    person INTEGER NOT NULL,           -- a phrase
    node INTEGER NOT NULL,
    involvement INTEGER NOT NULL,
    PRIMARY KEY (person, node)
) WITHOUT ROWID;
CREATE TABLE message_date (
    date INTEGER NOT NULL,
    node INTEGER NOT NULL,
    PRIMARY KEY (date, node)
) WITHOUT ROWID;

-- Conversations whose postings and rows are not what their mails make.
CREATE TABLE dirty_conversation (conversation INTEGER PRIMARY KEY);

-- What a conversation alone makes of a posting, to find others that hold a part of the same.
CREATE TABLE posting_fragment (
    conversation INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    last INTEGER NOT NULL,
    unreferenced INTEGER NOT NULL
);
CREATE INDEX posting_fragment_kind ON posting_fragment (kind);
CREATE INDEX posting_fragment_conversation ON posting_fragment (conversation);

-- A posting, and what tells which series it belongs to (core.series.features).
CREATE TABLE posting (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    list_row INTEGER,
    first INTEGER NOT NULL,            -- the node of its earliest mail
    first_date INTEGER NOT NULL,
    sender INTEGER NOT NULL,           -- a hash
    date INTEGER NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    has_cover INTEGER NOT NULL,
    title BLOB,                        -- of the whole, where there is one
    parent INTEGER,
    features BLOB NOT NULL
);
CREATE INDEX posting_conversation ON posting (conversation);
CREATE INDEX posting_list_row ON posting (list_row) WHERE list_row IS NOT NULL;
CREATE INDEX posting_sender ON posting (sender, date);
-- The names under which postings know each other.
CREATE TABLE blocking_key (
    name INTEGER NOT NULL,             -- a hash
    posting INTEGER NOT NULL,
    PRIMARY KEY (name, posting)
) WITHOUT ROWID;
CREATE INDEX blocking_key_posting ON blocking_key (posting);

-- A series or thread: a row of the tree.
CREATE TABLE list_row (
    id INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL,
    lead INTEGER NOT NULL,             -- the node whose Message-ID is its id
    active INTEGER NOT NULL,           -- dates of the latest activity and of the newest version
    date INTEGER NOT NULL,
    author BLOB NOT NULL,              -- to sort by
    mails INTEGER NOT NULL,
    patches INTEGER NOT NULL,
    replies INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    unread_roles INTEGER NOT NULL,             -- the roles of what is unread, ored
    generation INTEGER NOT NULL,       -- when the row was last written
    head BLOB NOT NULL                 -- all that the row shows, see core.index.row_summary
);
CREATE INDEX list_row_active ON list_row (active);
CREATE INDEX list_row_generation ON list_row (generation);
-- Of a series what it is counted and found by: its newest version, how many versions it has, of the newest how many patches
-- are here of how many, and how many trailers were given to it. What is in `head`, in a row that is read quickly.
CREATE TABLE series_facts (
    list_row INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL,
    version INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    received INTEGER NOT NULL,
    total INTEGER NOT NULL,
    trailers INTEGER NOT NULL
);
CREATE TABLE row_list (
    list INTEGER NOT NULL,
    list_row INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    PRIMARY KEY (list, list_row)
) WITHOUT ROWID;
CREATE INDEX row_list_row ON row_list (list_row);
-- Rows that were taken away, for those who hold them.
CREATE TABLE deleted_row (generation INTEGER NOT NULL, list_row INTEGER NOT NULL);
CREATE INDEX deleted_row_generation ON deleted_row (generation);
