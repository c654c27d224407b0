CREATE TABLE notes (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title   TEXT   NOT NULL, -- sorts by the collation of the database
    body    TEXT   NOT NULL,
    updated BIGINT NOT NULL -- seconds since 1970
);

CREATE INDEX notes_by_owner ON notes (owner, updated);
