-- A tracker of several tenants, on SQLite.
CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    slug VARCHAR(40) NOT NULL UNIQUE,
    plan TEXT NOT NULL DEFAULT 'free',
    created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    email TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    about TEXT,
    age INT,
    role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'member', 'guest')),
    active BOOLEAN NOT NULL DEFAULT 1,
    password_hash BLOB,
    balance REAL NOT NULL DEFAULT 0,
    score DOUBLE PRECISION,
    settings JSON NOT NULL DEFAULT '{}',
    born DATE,
    last_seen TIMESTAMP,
    UNIQUE (tenant_id, email)
);

CREATE TABLE projects (
    id INTEGER NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    title TEXT NOT NULL,
    title_lower TEXT GENERATED ALWAYS AS (lower(title)) STORED,
    tags TEXT NOT NULL DEFAULT '[]',
    owner INTEGER REFERENCES users (id) ON DELETE SET NULL,
    started DATE,
    ends DATE
);
CREATE INDEX projects_tenant ON projects (tenant_id) WHERE owner IS NOT NULL;

/* The heart. */
CREATE TABLE issues (
    id INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    project INTEGER NOT NULL REFERENCES projects (id),
    author INTEGER NOT NULL REFERENCES users (id),
    assignee INTEGER REFERENCES users (id),
    title TEXT NOT NULL,
    text TEXT,
    state TEXT NOT NULL DEFAULT 'open',
    priority INTEGER NOT NULL DEFAULT 3,
    created INTEGER NOT NULL DEFAULT (unixepoch()),
    old_column TEXT
);

CREATE TABLE comments (
    id INTEGER PRIMARY KEY,
    issue BIGINT NOT NULL REFERENCES issues (id) ON DELETE CASCADE,
    author BIGINT NOT NULL,
    text TEXT NOT NULL,
    reply_to INT REFERENCES comments (id),
    posted TEXT NOT NULL DEFAULT (datetime('now'))
);
