ALTER TABLE issues RENAME COLUMN text TO body;
ALTER TABLE issues DROP COLUMN old_column;
ALTER TABLE issues ADD COLUMN due DATE;
ALTER TABLE issues ADD COLUMN votes INT NOT NULL DEFAULT 0;
ALTER TABLE comments RENAME TO notes;
ALTER TABLE notes ADD edited BOOLEAN NOT NULL DEFAULT 0;

CREATE TABLE labels (issue INTEGER NOT NULL REFERENCES issues (id), label TEXT, PRIMARY KEY (issue, label)) WITHOUT ROWID;
CREATE TABLE counters (name TEXT PRIMARY KEY, n INT NOT NULL) STRICT;
CREATE TABLE "AuditLog" ("Id" INTEGER PRIMARY KEY, "userId" BIGINT, "at" TEXT NOT NULL, [action] TEXT NOT NULL);

CREATE VIEW open_issues AS SELECT id, tenant_id, title, author, due FROM issues WHERE state <> 'closed';
CREATE VIEW project_counts (project, issues, newest) AS
    SELECT p.id, count(i.id), max(i.created) FROM projects p LEFT JOIN issues i ON i.project = p.id GROUP BY p.id;
CREATE VIEW names AS SELECT id, name FROM users;
CREATE TRIGGER name_it INSTEAD OF INSERT ON names BEGIN
    INSERT INTO users (tenant_id, email, name) VALUES ('a', NEW.name || '@x', NEW.name);
    SELECT CASE WHEN NEW.name IS NULL THEN RAISE (ABORT, 'no name; none') END;
END;
CREATE VIRTUAL TABLE search USING fts5(title, body, content='issues', content_rowid='id', tokenize = 'porter');
CREATE TEMPORARY TABLE scratch (n INT);
DROP TABLE scratch;

-- The way to change a table that SQLite has no ALTER for.
CREATE TABLE flags_new (name TEXT NOT NULL PRIMARY KEY, value BOOLEAN NOT NULL);
CREATE TABLE flags (name TEXT);
INSERT INTO flags_new SELECT name, 1 FROM flags;
DROP TABLE flags;
ALTER TABLE flags_new RENAME TO flags;
CREATE TABLE archive AS SELECT id, title, votes * 2 AS double FROM issues;
