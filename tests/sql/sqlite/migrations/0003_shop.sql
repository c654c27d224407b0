-- Queues, forums and plans.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    payload JSON NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'queued',
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    run_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    locked_by TEXT,
    locked_at TIMESTAMP
);
CREATE UNIQUE INDEX jobs_once ON jobs (queue, run_at) WHERE state = 'queued';

CREATE TABLE sessions (
    token BLOB NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires TIMESTAMP NOT NULL,
    ip TEXT,
    agent TEXT
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id, expires DESC);

CREATE TABLE forums (id INTEGER PRIMARY KEY, slug TEXT NOT NULL, name TEXT NOT NULL, place INT);
CREATE UNIQUE INDEX forums_slug ON forums (slug);
CREATE TABLE threads (
    id INTEGER PRIMARY KEY,
    forum INTEGER NOT NULL REFERENCES forums (id),
    title TEXT NOT NULL,
    pinned BOOLEAN NOT NULL DEFAULT FALSE,
    posts INTEGER NOT NULL DEFAULT 0,
    last_post TIMESTAMP
);
CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    writer INTEGER REFERENCES users (id) ON DELETE SET NULL,
    parent INTEGER REFERENCES posts (id),
    body TEXT NOT NULL,
    words TEXT GENERATED ALWAYS AS (lower(body)) VIRTUAL,
    posted TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE VIRTUAL TABLE posts_search USING fts5(body, content='posts', content_rowid='id');
CREATE TRIGGER posts_added AFTER INSERT ON posts BEGIN
    INSERT INTO posts_search (rowid, body) VALUES (NEW.id, NEW.body);
    UPDATE threads SET posts = posts + 1, last_post = NEW.posted WHERE id = NEW.thread;
END;

CREATE TABLE plans (code TEXT NOT NULL PRIMARY KEY, price INTEGER NOT NULL, months INT NOT NULL DEFAULT 1, perks TEXT NOT NULL DEFAULT '[]') STRICT;
CREATE TABLE subscriptions (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    plan TEXT NOT NULL REFERENCES plans (code),
    starts DATE NOT NULL DEFAULT CURRENT_DATE,
    ends DATE,
    CONSTRAINT one_plan UNIQUE (tenant_id, plan, starts)
);
CREATE TABLE metrics (at INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, tags TEXT);

CREATE VIEW cheap_plans AS SELECT code, price, months FROM plans WHERE price < 1000;
CREATE VIEW busy_threads (id, title, writers) AS
    SELECT t.id, t.title, count(DISTINCT p.writer) FROM threads t JOIN posts p ON p.thread = t.id GROUP BY t.id HAVING count(*) > 10;
