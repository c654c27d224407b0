CREATE TABLE notes (
    id      INTEGER PRIMARY KEY,
    owner   TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title   TEXT    NOT NULL COLLATE NOCASE, -- so it sorts as people do
    body    TEXT    NOT NULL,
    updated INTEGER NOT NULL -- seconds since 1970
) STRICT;

CREATE INDEX notes_by_owner ON notes (owner, updated);
