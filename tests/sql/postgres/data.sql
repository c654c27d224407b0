INSERT INTO tenants (id, slug) VALUES ('11111111-1111-1111-1111-111111111111', 'a'), ('22222222-2222-2222-2222-222222222222', 'b');
INSERT INTO users (tenant_id, email, name, about, age, score, last_seen) VALUES
    ('11111111-1111-1111-1111-111111111111', 'a@a', 'a', 'x', 30, 1.5, now()), ('11111111-1111-1111-1111-111111111111', 'b@a', 'b', NULL, NULL, NULL, NULL);
INSERT INTO projects (tenant_id, title, owner) VALUES
    ('11111111-1111-1111-1111-111111111111', 'a', 1), ('11111111-1111-1111-1111-111111111111', 'empty', NULL);
INSERT INTO issues (tenant_id, project, author, assignee, title, body, due) VALUES
    ('11111111-1111-1111-1111-111111111111', 1, 1, 2, 'a', 'x', now()), ('11111111-1111-1111-1111-111111111111', 1, 1, NULL, 'b', NULL, NULL);
INSERT INTO notes (issue, author, text, reply_to) VALUES (1, 1, 'a', NULL), (1, 2, 'b', 1);
INSERT INTO labels VALUES (1, 'a');
INSERT INTO "AuditLog" ("userId", action) VALUES (NULL, 'a'), (1, 'b');
INSERT INTO billing.invoices (id, tenant_id, cents) VALUES ('33333333-3333-3333-3333-333333333333', '11111111-1111-1111-1111-111111111111', 5);
INSERT INTO events (kind, at) VALUES ('a', '2026-05-05');
INSERT INTO documents (body) VALUES ('a');
INSERT INTO flags VALUES ('a', true);
REFRESH MATERIALIZED VIEW user_totals;
INSERT INTO jobs (queue, payload) VALUES ('mail', '{"to": "a@a"}'), ('mail', '{}'), ('thumbs', '{}') ON CONFLICT DO NOTHING;
INSERT INTO sessions (token, user_id, expires) VALUES ('\x01', 1, now());
INSERT INTO forums (slug, name) VALUES ('a', 'a'), ('empty', 'empty');
INSERT INTO threads (forum, title) VALUES (1, 'a'), (1, 'empty');
INSERT INTO posts (thread, writer, parent, body) VALUES (1, 1, NULL, 'a'), (1, NULL, 1, 'b');
INSERT INTO plans VALUES ('free', 0, 1, '{}'), ('team', 900, 12, '{sso}');
INSERT INTO subscriptions (tenant_id, plan, starts, ends) VALUES ('11111111-1111-1111-1111-111111111111', 'team', '2026-01-01', NULL);
INSERT INTO bookings (room, during, seats) VALUES ('a', '[2026-01-01, 2026-01-02)', NULL);
INSERT INTO metrics VALUES ('2026-05-05', 'cpu', 0.5, NULL), ('2026-05-05', 'disk', 1, '{"host": "a"}');
