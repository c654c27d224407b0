ALTER TABLE issues RENAME COLUMN text TO body;
ALTER TABLE issues DROP COLUMN old_column, ADD COLUMN due DATE, ADD COLUMN votes INT NOT NULL DEFAULT 0;
ALTER TABLE comments RENAME TO notes;
ALTER TABLE notes ADD COLUMN edited BOOLEAN;
UPDATE notes SET edited = false;
ALTER TABLE notes ALTER COLUMN edited SET NOT NULL, ALTER COLUMN edited SET DEFAULT false;
ALTER TYPE status ADD VALUE IF NOT EXISTS 'waiting';
ALTER TYPE role RENAME VALUE 'guest' TO 'visitor';

CREATE TABLE labels (issue BIGINT NOT NULL REFERENCES issues (id), label TEXT NOT NULL, PRIMARY KEY (issue, label));
CREATE TABLE "AuditLog" ("Id" BIGSERIAL PRIMARY KEY, "userId" BIGINT, "at" TIMESTAMPTZ NOT NULL DEFAULT now(), action TEXT NOT NULL);

CREATE VIEW open_issues AS SELECT id, tenant_id, title, author, due FROM issues WHERE state <> 'closed';
CREATE VIEW project_counts (project, issues, newest) AS
    SELECT p.id, count(i.id), max(i.created) FROM projects p LEFT JOIN issues i ON i.project = p.id GROUP BY p.id;
CREATE MATERIALIZED VIEW user_totals AS SELECT author, count(*) AS total, sum(votes) AS votes FROM issues GROUP BY author;

CREATE SCHEMA billing;
CREATE TABLE billing.invoices (
    id UUID PRIMARY KEY,
    tenant_id UUID NOT NULL,
    cents BIGINT NOT NULL,
    currency CHAR(3) NOT NULL DEFAULT 'EUR',
    paid TIMESTAMPTZ
);
CREATE TABLE billing.lines (invoice UUID NOT NULL REFERENCES billing.invoices (id), item TEXT NOT NULL, cents INT NOT NULL);
