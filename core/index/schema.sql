-- What is known of the mails of followed lists. Everything here can be built again from where the mails are, but
-- for `node.seen`, which repeats what the triage journal says.
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
CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    list INTEGER NOT NULL,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL,             -- larger, the later its mails came
    path TEXT NOT NULL,                -- the repository that has the mails; '' where their bytes are in `body`
    position TEXT NOT NULL,            -- where to go on: what is before it is here, see core.sources.source
    UNIQUE (list, name)
);

-- Texts that come again and again: people, trailers, list ids.
CREATE TABLE phrase (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text BLOB NOT NULL);
CREATE INDEX phrase_hash ON phrase (hash);
-- Their words, to find people by; see core.index.full_text.
CREATE VIRTUAL TABLE phrase_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');

-- A Message-ID, of a mail that is here or of one that others name. Those that name each other have the same `talk`.
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    hash INTEGER NOT NULL,
    name BLOB NOT NULL,
    talk INTEGER NOT NULL,
    item INTEGER,                      -- the series or thread that the mail is shown in, once that is known
    role INTEGER NOT NULL DEFAULT 0,   -- what it is there, see core.index.row_summary
    seen INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX node_hash ON node (hash);
CREATE INDEX node_talk ON node (talk);
CREATE INDEX node_item ON node (item) WHERE item IS NOT NULL;

-- A mail as it was delivered; those of one Message-ID are copies of each other, or clash.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    node INTEGER NOT NULL,
    blob BLOB NOT NULL UNIQUE,         -- the id that git gives its bytes
    facts BLOB NOT NULL                -- see core.index.codec
);
CREATE INDEX message_node ON message (node);
CREATE TABLE member (
    part INTEGER NOT NULL,
    message INTEGER NOT NULL,
    name TEXT,                         -- what the part calls it, where that is not its blob
    PRIMARY KEY (part, message)
) WITHOUT ROWID;
CREATE INDEX member_message ON member (message);
-- What was removed in a part of a list, since older parts may be read later.
CREATE TABLE removal (
    list INTEGER NOT NULL,
    blob BLOB NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (list, blob, rank)
) WITHOUT ROWID;
CREATE TABLE body (message INTEGER PRIMARY KEY, packed BLOB NOT NULL);

-- The files that a patch touches, with the lines that it adds and removes.
CREATE TABLE path (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
CREATE TABLE touched (
    message INTEGER NOT NULL,
    path INTEGER NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    PRIMARY KEY (message, path)
) WITHOUT ROWID;
CREATE INDEX touched_path ON touched (path);

-- What mails are found by: the words of their subjects, who sent, wrote and got them (core.index.full_text), and when.
CREATE VIRTUAL TABLE subject_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0');
CREATE TABLE involved (
    person INTEGER NOT NULL,           -- a phrase
    node INTEGER NOT NULL,
    how INTEGER NOT NULL,
    PRIMARY KEY (person, node)
) WITHOUT ROWID;
CREATE TABLE sent (
    date INTEGER NOT NULL,
    node INTEGER NOT NULL,
    PRIMARY KEY (date, node)
) WITHOUT ROWID;

-- Talks whose postings and items are not what their mails make.
CREATE TABLE dirty (talk INTEGER PRIMARY KEY);

-- What a talk alone makes of a posting, to find others that hold a part of the same.
CREATE TABLE run (
    talk INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    start INTEGER NOT NULL,
    last INTEGER NOT NULL,
    loose INTEGER NOT NULL
);
CREATE INDEX run_kind ON run (kind);
CREATE INDEX run_talk ON run (talk);

-- A posting, and what tells which series it belongs to (core.series.features).
CREATE TABLE posting (
    id INTEGER PRIMARY KEY,
    talk INTEGER NOT NULL,
    item INTEGER,
    first INTEGER NOT NULL,            -- the node of its earliest mail
    first_date INTEGER NOT NULL,
    sender INTEGER NOT NULL,           -- a hash
    date INTEGER NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    has_cover INTEGER NOT NULL,
    title BLOB,                        -- of the whole, where there is one
    above INTEGER,
    card BLOB NOT NULL
);
CREATE INDEX posting_talk ON posting (talk);
CREATE INDEX posting_item ON posting (item) WHERE item IS NOT NULL;
CREATE INDEX posting_sender ON posting (sender, date);
-- The names under which postings know each other.
CREATE TABLE known_as (
    name INTEGER NOT NULL,             -- a hash
    posting INTEGER NOT NULL,
    PRIMARY KEY (name, posting)
) WITHOUT ROWID;
CREATE INDEX known_as_posting ON known_as (posting);

-- A series or thread: a row of the tree.
CREATE TABLE item (
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
    news INTEGER NOT NULL,             -- the roles of what is unread, ored
    generation INTEGER NOT NULL,       -- when the row was last written
    head BLOB NOT NULL                 -- all that the row shows, see core.index.row_summary
);
CREATE INDEX item_active ON item (active);
CREATE INDEX item_generation ON item (generation);
-- Of a series what it is counted and found by: its newest version, how many versions it has, of the newest how many patches
-- are here of how many, and how many trailers were given to it. What is in `head`, in a row that is read quickly.
CREATE TABLE facet (
    item INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL,
    version INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    have INTEGER NOT NULL,
    total INTEGER NOT NULL,
    given INTEGER NOT NULL
);
CREATE TABLE item_list (
    list INTEGER NOT NULL,
    item INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    PRIMARY KEY (list, item)
) WITHOUT ROWID;
CREATE INDEX item_list_item ON item_list (item);
-- Rows that were taken away, for those who hold them.
CREATE TABLE gone (generation INTEGER NOT NULL, item INTEGER NOT NULL);
CREATE INDEX gone_generation ON gone (generation);
