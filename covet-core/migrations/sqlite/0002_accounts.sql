-- Times are milliseconds since the Unix epoch. A *_key column is the canonical form of the column it follows.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    email TEXT,
    email_key TEXT UNIQUE,
    password_hash TEXT NOT NULL,
    mfa_enabled INTEGER NOT NULL DEFAULT 0 CHECK (mfa_enabled IN (0, 1)),
    mfa_secret_encrypted TEXT,
    roles TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(roles)),
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL,
    CHECK ((email IS NULL) = (email_key IS NULL)),
    CHECK (mfa_enabled = 0 OR mfa_secret_encrypted IS NOT NULL)
);

-- user_id has no foreign key: an event outlives its account, and an application may keep accounts elsewhere.
CREATE TABLE security_events (
    id INTEGER NOT NULL PRIMARY KEY,
    event_type TEXT NOT NULL,
    user_id TEXT,
    ip_address TEXT,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL CHECK (json_valid(details)),
    created_at INTEGER NOT NULL
);

CREATE INDEX security_events_user_id ON security_events (user_id);
CREATE INDEX security_events_event_type ON security_events (event_type);
CREATE INDEX security_events_created_at ON security_events (created_at);
