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
INSERT INTO jobs (queue, payload, run_at) VALUES ('mail', '{"to": "a@a"}', '2026-01-01'), ('mail', '{}', '2026-01-02'), ('thumbs', '{}', '2026-01-01');
INSERT INTO sessions (token, user_id, expires) VALUES (x'01', 1, '2026-01-01');
INSERT INTO forums (slug, name) VALUES ('a', 'a'), ('empty', 'empty');
INSERT INTO threads (forum, title) VALUES (1, 'a'), (1, 'empty');
INSERT INTO posts (thread, writer, parent, body) VALUES (1, 1, NULL, 'a'), (1, NULL, 1, 'b');
INSERT INTO plans (code, price) VALUES ('free', 0), ('team', 900);
INSERT INTO subscriptions (tenant_id, plan, starts, ends) VALUES ('a', 'team', '2026-01-01', NULL);
INSERT INTO metrics VALUES (1, 'cpu', 0.5, NULL), (2, 'disk', 1, '{"host": "a"}');
