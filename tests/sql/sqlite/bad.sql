-- sql::value_count
INSERT INTO labels VALUES (1);
-- sql::value_count
INSERT INTO flags VALUES ('a');
-- sql::read_only_view
INSERT INTO open_issues (id, title) VALUES (1, 'a');
-- sql::read_only_view
UPDATE open_issues SET title = 'a' WHERE id = 1;
-- sql::read_only_view
DELETE FROM open_issues WHERE id = 1;
-- sql::unknown_column
SELECT editted FROM notes;
-- sql::unknown_column
SELECT double_votes FROM archive;
-- sql::unknown_column
SELECT n FROM flags;
-- sql::unknown_table
SELECT * FROM flags_new;
-- sql::unknown_table
SELECT * FROM scratch;
-- sql::unknown_column
SELECT age + 1 AS next, nxt FROM users;
-- sql::unknown_column
UPDATE counters SET m = 1 WHERE name = 'a';
-- sql::unknown_column
INSERT INTO counters (name, n) VALUES ('a', 1) ON CONFLICT (name) DO UPDATE SET n = m + 1;
-- sql::missing_column
INSERT INTO counters (name) VALUES ('zz');
-- unknown
SELECT lowr(name) FROM users;
-- unknown
SELECT substr() FROM users;
-- unknown
SELECT id FROM users WHERE;
-- unknown
SELECT id, FROM users;
-- sql::unknown_qualifier
UPDATE issues SET assignee = u.id FROM users u WHERE u.name = 'a' RETURNING u.name;
-- unknown
SELECT rowid FROM sessions;
-- sql::unknown_table
SELECT * FROM posts_serch WHERE body MATCH 'a';
-- sql::unknown_column
INSERT INTO plans (code, price, rowd) VALUES ('a', 1, 2);
-- sql::unknown_column
SELECT name AS n FROM users ORDER BY m;
-- sql::unknown_column
UPDATE jobs SET state = 'x' FROM users u WHERE u.id = jobs.locker;
-- sql::value_count
INSERT INTO metrics VALUES (1, 'a', 2.0);
-- sql::value_count
REPLACE INTO flags (name, value) VALUES ('a');
-- unknown
SELECT datetime_now();
-- unknown
SELECT concat_all(name) FROM users;
-- sql::no_unique_key
INSERT INTO users (tenant_id, email, name) VALUES ('a', 'b', 'c') ON CONFLICT (name) DO NOTHING;
-- unknown
SELECT id FROM users LIMIT;
-- unknown
SELECT name FROM users ORDER name;
-- unknown
SELEC id FROM users;
-- unknown
UPDATE users SET name = 'a', WHERE id = 1;
-- unknown
INSERT INTO users (tenant_id email) VALUES ('a', 'b');
-- unknown
SELECT max(1, 2) OVER () FROM users;
-- unknown
SELECT lower(name) FILTER (WHERE active) FROM users;
-- sql::value_count
INSERT INTO names VALUES (1, 'a', 'b');
-- sql::read_only_view
DELETE FROM cheap_plans WHERE code = 'a';
-- sql::no_unique_key
INSERT INTO jobs (queue) VALUES ('a') ON CONFLICT (queue) DO UPDATE SET attempts = 0;
-- unknown
SELECT id FROM users WHERE id = (1, 2);
-- sql::unknown_column
WITH a AS (SELECT 1) SELECT * FROM a b, a b WHERE b.nothing = 1;
