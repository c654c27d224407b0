-- Entries that must survive a restart: sessions, failed attempts, used codes. Keys are keyed hashes.
CREATE TABLE covet_entries (
    space      TEXT    NOT NULL,
    owner      BLOB    NOT NULL CHECK (length(owner) = 16),
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    value      TEXT    NOT NULL CHECK (json_valid(value)),
    expires_at INTEGER NOT NULL, -- milliseconds since the Unix epoch
    PRIMARY KEY (space, owner, id)
) STRICT;

CREATE INDEX covet_entries_by_expiry ON covet_entries (expires_at);
