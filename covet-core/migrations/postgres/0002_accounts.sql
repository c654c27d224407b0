-- Times are milliseconds since the Unix epoch. A *_key column is the canonical form of the column it follows.
CREATE TABLE users (
    id                   TEXT    NOT NULL PRIMARY KEY,
    username             TEXT    NOT NULL,
    username_key         TEXT    NOT NULL CONSTRAINT users_username_key_unique UNIQUE,
    email                TEXT,
    email_key            TEXT    CONSTRAINT users_email_key_unique UNIQUE,
    password_hash        TEXT    NOT NULL,
    mfa_enabled          BOOLEAN NOT NULL DEFAULT FALSE,
    mfa_secret_encrypted TEXT,
    roles                TEXT    NOT NULL DEFAULT '[]' CHECK (roles::json IS NOT NULL),
    disabled             BOOLEAN NOT NULL DEFAULT FALSE,
    created_at           BIGINT  NOT NULL,
    CHECK ((email IS NULL) = (email_key IS NULL)),
    CHECK (NOT mfa_enabled OR mfa_secret_encrypted IS NOT NULL)
);

-- user_id has no foreign key: an event outlives its account, and an application may keep accounts elsewhere.
CREATE TABLE security_events (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_type TEXT   NOT NULL,
    user_id    TEXT,
    ip_address TEXT,
    outcome    TEXT   NOT NULL,
    details    TEXT   NOT NULL CHECK (details::json IS NOT NULL),
    created_at BIGINT NOT NULL
);

CREATE INDEX security_events_user_id ON security_events (user_id);
CREATE INDEX security_events_event_type ON security_events (event_type);
CREATE INDEX security_events_created_at ON security_events (created_at);
