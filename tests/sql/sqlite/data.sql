INSERT INTO tenants (id, slug) VALUES ('a', 'a'), ('b', 'b');
INSERT INTO users (tenant_id, email, name, about, age, score, last_seen) VALUES
    ('a', 'a@a', 'a', 'x', 30, 1.5, '2026-01-01'), ('a', 'b@a', 'b', NULL, NULL, NULL, NULL);
INSERT INTO projects (tenant_id, title, owner) VALUES ('a', 'a', 1), ('a', 'empty', NULL);
INSERT INTO issues (tenant_id, project, author, assignee, title, body, due) VALUES
    ('a', 1, 1, 2, 'a', 'x', '2026-01-01'), ('a', 1, 1, NULL, 'b', NULL, NULL);
INSERT INTO notes (issue, author, text, reply_to) VALUES (1, 1, 'a', NULL), (1, 2, 'b', 1);
INSERT INTO labels VALUES (1, 'a');
INSERT INTO "AuditLog" ("userId", "at", action) VALUES (NULL, 'a', 'a'), (1, 'b', 'b');
INSERT INTO counters VALUES ('a', 1);
INSERT INTO flags VALUES ('a', 1);
INSERT INTO archive VALUES (1, 'a', 2);
