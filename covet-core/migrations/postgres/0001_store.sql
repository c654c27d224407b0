-- Entries that must survive a restart: sessions, failed attempts, used codes. Keys are keyed hashes.
CREATE TABLE covet_entries (
    space      TEXT   NOT NULL,
    owner      BYTEA  NOT NULL CHECK (octet_length(owner) = 16),
    id         BYTEA  NOT NULL CHECK (octet_length(id) = 16),
    value      TEXT   NOT NULL CHECK (value::json IS NOT NULL),
    expires_at BIGINT NOT NULL, -- milliseconds since the Unix epoch
    PRIMARY KEY (space, owner, id)
);

CREATE INDEX covet_entries_by_expiry ON covet_entries (expires_at);
