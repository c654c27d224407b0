-- sql::unknown_column
SELECT userId FROM "AuditLog";
-- sql::unknown_table
SELECT action FROM AuditLog;
-- sql::unknown_column
SELECT "Name" FROM users;
-- sql::unknown_column
SELECT id AS x FROM users WHERE x = 1;
-- sql::unknown_column
SELECT age + 1 AS next FROM users GROUP BY age HAVING next > 1;
-- sql::unknown_column
SELECT id FROM users UNION SELECT author FROM issues ORDER BY name;
-- sql::unknown_column
SELECT id FROM users WHERE name = "admin";
-- sql::unknown_table
SELECT id FROM invoice;
-- sql::unknown_table
SELECT id FROM billing.invoice;
-- sql::unknown_table
SELECT id FROM nowhere.users;
-- sql::unknown_column
SELECT cent FROM billing.invoices;
-- sql::unknown_column
SELECT x.c FROM (VALUES (1, 2)) AS x(a, b);
-- sql::unknown_column
SELECT m FROM generate_series(1, 3) AS n;
-- sql::unknown_column
SELECT x.email FROM jsonb_to_recordset('[]') AS x(id int, name text);
-- sql::unknown_column
SELECT rowid FROM users;
-- sql::duplicate_table
SELECT 1 FROM users, users;
-- sql::duplicate_table
SELECT 1 FROM users u JOIN issues u ON true;
-- sql::unknown_qualifier
SELECT p.id FROM projects p, (SELECT title FROM issues WHERE issues.project = p.id) t;
-- sql::ambiguous_column
INSERT INTO tenants (slug) VALUES ('a') ON CONFLICT (slug) DO UPDATE SET plan = plan || 'x';
-- sql::written_twice
INSERT INTO labels (issue, label, label) VALUES (1, 'a', 'b');
-- sql::written_twice
UPDATE users SET name = 'a', name = 'b' WHERE id = 1;
-- sql::generated_column
INSERT INTO projects (id, tenant_id, title) VALUES (1, '11111111-1111-1111-1111-111111111111', 'a');
-- sql::generated_column
UPDATE projects SET id = 4 WHERE id = 1;
-- sql::null_value
INSERT INTO labels (issue, label) VALUES (1, NULL);
-- sql::type_mismatch
INSERT INTO users (tenant_id, email, name, age) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c', 'c', 'old');
-- sql::type_mismatch
INSERT INTO users (tenant_id, email, name, active) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c', 'c', 1);
-- sql::type_mismatch
INSERT INTO users (tenant_id, email, name, age) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c', 'c', true);
-- sql::type_mismatch
INSERT INTO users (tenant_id, email, name) VALUES ('abc', 'b@c', 'c');
-- sql::type_mismatch
UPDATE users SET age = name WHERE id = 1;
-- sql::type_mismatch
UPDATE users SET last_seen = 5 WHERE id = 1;
-- sql::type_mismatch
UPDATE projects SET tags = 5 WHERE id = 1;
-- sql::type_mismatch
UPDATE issues SET state = title WHERE id = 1;
-- sql::type_mismatch
INSERT INTO issues (tenant_id, project, author, title) SELECT name, 1, 1, 'a' FROM users;
-- sql::type_mismatch
SELECT id FROM users WHERE age = 'old';
-- sql::incomparable
SELECT id FROM users WHERE age = name;
-- sql::incomparable
SELECT id FROM users WHERE active = 1;
-- sql::incomparable
SELECT id FROM users WHERE name = 5;
-- sql::incomparable
SELECT id FROM users WHERE tenant_id = id;
-- sql::incomparable
SELECT u.id FROM users u JOIN issues i ON u.name = i.author;
-- sql::incomparable
SELECT id FROM users WHERE id IN (SELECT title FROM issues);
-- sql::incomparable
SELECT id FROM users WHERE created_at_is IS NULL OR age LIKE '3%';
-- sql::incomparable
SELECT id FROM users WHERE age LIKE '3%';
-- sql::incomparable
SELECT id FROM issues WHERE due > 5;
-- sql::incomparable
SELECT 'abc'::int;
-- sql::type_mismatch
SELECT id FROM users WHERE id BETWEEN 'a' AND 'b';
-- sql::incomparable
SELECT name FROM users UNION SELECT id FROM issues;
-- sql::unknown_label
SELECT id FROM users WHERE role = 'admin';
-- sql::unknown_label
SELECT id FROM issues WHERE state IN ('open', 'done');
-- sql::unknown_label
UPDATE issues SET state = 'opne' WHERE id = 1;
-- sql::unknown_label
INSERT INTO users (tenant_id, email, name, role) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c', 'c', 'guest');
-- sql::unknown_label
SELECT 'nothing'::status;
-- sql::unknown_type
SELECT age::strin FROM users;
-- sql::unknown_type
SELECT CAST(name AS citext) FROM users;
-- sql::unknown_type
SELECT $1::statuss FROM users;
-- sql::not_grouped
SELECT name, count(*) FROM users;
-- sql::not_grouped
SELECT tenant_id, name FROM users GROUP BY tenant_id;
-- sql::not_grouped
SELECT p.title, i.title FROM projects p JOIN issues i ON i.project = p.id GROUP BY i.title;
-- sql::not_a_condition
SELECT id FROM users WHERE name;
-- sql::not_a_condition
SELECT id FROM users WHERE age AND active;
-- sql::not_a_condition
SELECT id FROM users WHERE NOT age;
-- sql::misplaced_window
SELECT u.id FROM users u JOIN issues i ON rank() OVER () = 1;
-- sql::read_only_view
INSERT INTO user_totals (author) VALUES (1);
-- sql::missing_column
INSERT INTO tenants DEFAULT VALUES;
-- sql::not_grouped
SELECT l.issue, i.title, count(*) FROM labels l JOIN issues i ON i.id = l.issue GROUP BY l.issue, i.project;
-- sql::alias_count
SELECT 1 FROM labels AS l(a, b, c);
-- unknown
SELECT lowr(name) FROM users;
-- unknown
SELECT length(1, 2, 3);
-- unknown
SELECT id FROM users WHERE;
-- unknown
SELECT id, FROM users;
-- sql::no_unique_key
INSERT INTO tenants (id, slug) VALUES ('11111111-1111-1111-1111-111111111111', 'x') ON CONFLICT (plan) DO NOTHING;
-- sql::incomparable
SELECT id FROM jobs WHERE id = queue;
-- sql::unknown_label
UPDATE jobs SET state = 'finished' WHERE id = 1;
-- sql::unknown_label
SELECT id FROM jobs WHERE state IN ('queued', 'waiting');
-- sql::type_mismatch
UPDATE jobs SET state = CASE WHEN attempts > 3 THEN 'failed' ELSE 'queued' END WHERE id = 1;
-- sql::generated_column
INSERT INTO jobs (id, queue) VALUES (1, 'a');
-- sql::type_mismatch
INSERT INTO jobs (queue, attempts) VALUES ('a', 'many');
-- sql::type_mismatch
INSERT INTO threads (forum, title, pinned) VALUES (1, 'a', 'maybe');
-- sql::type_mismatch
UPDATE subscriptions SET tenant_id = 'team' WHERE plan = 'team';
-- sql::type_mismatch
UPDATE metrics SET value = name;
-- sql::type_mismatch
UPDATE sessions SET expires = user_id;
-- sql::incomparable
SELECT id FROM subscriptions WHERE starts = 20260101;
-- sql::incomparable
SELECT u.id FROM users u JOIN subscriptions s ON s.tenant_id = u.id;
-- sql::incomparable
SELECT id FROM posts WHERE posted BETWEEN 1 AND 2;
-- sql::incomparable
SELECT id FROM issues WHERE estimate > 5;
-- sql::incomparable
SELECT id FROM users WHERE id LIKE '%1%';
-- sql::incomparable
SELECT id FROM users WHERE settings LIKE '%dark%';
-- sql::type_mismatch
SELECT code FROM plans WHERE perks = 'sso';
-- sql::incomparable
SELECT CASE role WHEN 1 THEN 'a' END FROM users;
-- sql::incomparable
SELECT id FROM users LIMIT 'ten';
-- sql::not_a_condition
SELECT id FROM jobs WHERE attempts;
-- sql::not_a_condition
SELECT CASE WHEN posts THEN 'a' END FROM threads;
-- sql::not_a_condition
SELECT id FROM users WHERE active AND 1;
-- sql::not_a_condition
SELECT t.id FROM threads t JOIN posts p ON p.thread;
-- sql::not_grouped
SELECT queue, state, count(*) FROM jobs GROUP BY queue;
-- sql::not_grouped
SELECT f.name, count(*) FROM forums f JOIN threads t ON t.forum = f.id GROUP BY f.slug;
-- sql::not_grouped
SELECT name, at, avg(value) FROM metrics GROUP BY name ORDER BY name;
-- unknown
SELECT name FROM metrics GROUP BY name HAVING value > 1;
-- unknown
SELECT name, count(*) FROM metrics GROUP BY name ORDER BY at;
-- sql::unknown_column
SELECT id AS ident FROM jobs WHERE ident > 1;
-- sql::unknown_column
SELECT count(*) AS n FROM jobs GROUP BY queue HAVING n > 1;
-- sql::unknown_column
SELECT row_number() OVER (ORDER BY id) AS nr FROM jobs WHERE nr = 1;
-- sql::unknown_column
SELECT t.perk FROM plans p CROSS JOIN LATERAL unnest(p.perks) AS t (perks);
-- sql::unknown_column
SELECT at FROM metrics_cpu WHERE host = 'a';
-- sql::unknown_table
SELECT count(*) FROM metrics_mem;
-- sql::unknown_type
SELECT state::jobstate FROM jobs;
-- sql::unknown_type
SELECT id FROM users WHERE last_seen > '2026-01-01'::datetime;
-- sql::unknown_label
SELECT 'waiting'::job_state;
-- sql::unknown_label
SELECT coalesce(u.role, 'nobody') FROM users u;
-- sql::written_twice
UPDATE jobs SET attempts = 1, state = 'done', attempts = 2 WHERE id = 1;
-- sql::read_only_view
UPDATE busy_threads SET title = 'a';
-- sql::ambiguous_column
INSERT INTO plans (code, price) VALUES ('a', 1) ON CONFLICT (code) DO UPDATE SET price = price + 1;
-- sql::duplicate_table
SELECT 1 FROM posts p JOIN posts p ON p.parent = p.id;
-- sql::no_unique_key
INSERT INTO threads (forum, title) VALUES (1, 'a') ON CONFLICT (title) DO NOTHING;
-- sql::no_unique_key
INSERT INTO subscriptions (tenant_id, plan) VALUES ('11111111-1111-1111-1111-111111111111', 'team') ON CONFLICT (tenant_id, plan) DO UPDATE SET ends = NULL;
-- sql::no_unique_key
INSERT INTO users (tenant_id, email, name) VALUES ('11111111-1111-1111-1111-111111111111', 'a', 'b') ON CONFLICT (email) DO NOTHING;
-- unknown
INSERT INTO jobs (queue) VALUES ('a') ON CONFLICT (queue, run_at) DO NOTHING;
-- unknown
SELECT date_trunc('month') FROM jobs;
-- unknown
SELECT string_agg(name) FROM users;
-- unknown
SELECT id FROM jobs WHERE payload ->> 1.5 = 'a';
-- unknown
SELECT ifnull(about, 'x') FROM users;
-- unknown
SELECT datetime('now');
-- unknown
SELECT group_concat(name, ',') FROM users;
-- unknown
SELECT sum(name) FROM users;
-- unknown
UPDATE users SET name = 'a', WHERE id = 1;
-- sql::type_mismatch
UPDATE jobs SET payload = 'hello' WHERE id = 1;
-- sql::type_mismatch
INSERT INTO subscriptions (tenant_id, plan, starts) VALUES ('11111111-1111-1111-1111-111111111111', 'team', 'soon');
-- sql::type_mismatch
UPDATE issues SET created = 'noon' WHERE id = 1;
-- sql::type_mismatch
UPDATE issues SET due = 'day' WHERE id = 1;
-- sql::type_mismatch
UPDATE users SET settings = 'NULL' WHERE id = 1;
-- sql::type_mismatch
UPDATE projects SET tags = '' WHERE id = 1;
