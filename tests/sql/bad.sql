-- sql::unknown_column
SELECT id, emial FROM users;
-- sql::unknown_column
SELECT u.emial FROM users u;
-- sql::unknown_column
SELECT id FROM users WHERE nam = 'a';
-- sql::unknown_column
SELECT id FROM users ORDER BY creatd;
-- sql::unknown_column
SELECT id FROM users WHERE users.nmae = 'a';
-- sql::unknown_column
SELECT text FROM issues;
-- sql::unknown_column
SELECT old_column FROM issues;
-- sql::unknown_column
SELECT count(*) FROM users GROUP BY rle;
-- sql::unknown_column
SELECT role FROM users GROUP BY role HAVING max(agee) > 3;
-- sql::unknown_column
SELECT lower(nam) FROM users;
-- sql::unknown_column
SELECT CASE WHEN activ THEN 1 END FROM users;
-- sql::unknown_column
SELECT id FROM users WHERE EXISTS (SELECT 1 FROM issues WHERE issues.athor = users.id);
-- sql::unknown_column
SELECT id FROM users WHERE id IN (SELECT authr FROM issues);
-- sql::unknown_column
SELECT (SELECT titel FROM issues LIMIT 1) FROM users;
-- sql::unknown_column
SELECT t.age FROM (SELECT name FROM users) t;
-- sql::unknown_column
WITH a AS (SELECT id FROM users) SELECT name FROM a;
-- sql::unknown_column
WITH a (x) AS (SELECT id FROM users) SELECT id FROM a;
-- sql::unknown_column
SELECT name FROM open_issues;
-- sql::unknown_column
SELECT count FROM project_counts;
-- sql::unknown_column
SELECT i.id FROM issues i JOIN users u ON u.idd = i.author;
-- sql::unknown_column
SELECT 1 FROM users JOIN projects USING (tenant);
-- sql::unknown_column
SELECT row_number() OVER (PARTITION BY projct) FROM issues;
-- sql::unknown_column
SELECT id FROM users UNION SELECT autor FROM issues;
-- sql::unknown_column
WITH RECURSIVE t (id) AS (SELECT id FROM notes UNION ALL SELECT n.idd FROM notes n JOIN t ON n.reply_to = t.id) SELECT id FROM t;
-- sql::unknown_column
INSERT INTO users (tenant_id, emial, name) VALUES ('11111111-1111-1111-1111-111111111111', 'b', 'c');
-- sql::unknown_column
INSERT INTO users (tenant_id, email, name) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c', 'c') RETURNING idd;
-- sql::unknown_column
INSERT INTO tenants (slug) VALUES ('x') ON CONFLICT (slg) DO NOTHING;
-- sql::unknown_column
INSERT INTO tenants (id, slug) VALUES ('11111111-1111-1111-1111-111111111111', 'x') ON CONFLICT (slug) DO UPDATE SET plan = excluded.plann;
-- sql::unknown_column
INSERT INTO tenants (id, slug) VALUES ('11111111-1111-1111-1111-111111111111', 'x') ON CONFLICT (slug) DO UPDATE SET plann = 'a';
-- sql::unknown_column
INSERT INTO labels (issue, label) SELECT id, titl FROM issues;
-- sql::unknown_column
UPDATE users SET nmae = 'a' WHERE id = 1;
-- sql::unknown_column
UPDATE users SET name = abuot WHERE id = 1;
-- sql::unknown_column
UPDATE users SET name = 'a' WHERE idd = 1;
-- sql::unknown_column
UPDATE users SET name = 'a' WHERE id = 1 RETURNING nme;
-- sql::unknown_column
UPDATE issues SET (title, txt) = ('a', 'b') WHERE id = 1;
-- sql::unknown_column
UPDATE issues SET assignee = u.idd FROM users u WHERE u.name = 'a';
-- sql::unknown_column
DELETE FROM users WHERE emial = 'a';
-- sql::unknown_column
DELETE FROM users WHERE id = 1 RETURNING emial;
-- sql::unknown_column
SELECT username;
-- sql::unknown_table
SELECT id FROM usres;
-- sql::unknown_table
SELECT id FROM comments;
-- sql::unknown_table
SELECT u.id FROM users u JOIN isues i ON i.author = u.id;
-- sql::unknown_table
SELECT id FROM users WHERE id IN (SELECT author FROM isues);
-- sql::unknown_table
SELECT id FROM (SELECT id FROM nothere) t;
-- sql::unknown_table
INSERT INTO user (name) VALUES ('a');
-- sql::unknown_table
UPDATE isues SET title = 'a' WHERE id = 1;
-- sql::unknown_table
DELETE FROM note WHERE id = 1;
-- sql::unknown_table
WITH a AS (SELECT 1 AS x) SELECT x FROM b;
-- sql::unknown_table
UPDATE issues SET assignee = 1 FROM usrs WHERE usrs.id = 1;
-- sql::unknown_qualifier
SELECT x.id FROM users u;
-- sql::unknown_qualifier
SELECT users.id FROM users u;
-- sql::unknown_qualifier
SELECT u.id FROM users u JOIN issues i ON i.author = x.id;
-- sql::unknown_qualifier
SELECT x.* FROM users u;
-- sql::unknown_qualifier
SELECT t.id FROM (SELECT id FROM users u WHERE t.id = 1) t;
-- sql::unknown_qualifier
UPDATE users SET name = p.title WHERE id = 1;
-- sql::unknown_qualifier
DELETE FROM notes WHERE n.id = 1;
-- sql::ambiguous_column
SELECT id FROM users, issues;
-- sql::ambiguous_column
SELECT title FROM projects p JOIN issues i ON i.project = p.id;
-- sql::ambiguous_column
SELECT i.id FROM issues i JOIN projects p ON p.id = i.project WHERE tenant_id = '11111111-1111-1111-1111-111111111111';
-- sql::ambiguous_column
SELECT i.id FROM issues i JOIN users u ON id = i.author;
-- sql::ambiguous_column
SELECT a.id FROM users a JOIN users b ON a.id = b.id ORDER BY name;
-- sql::ambiguous_column
SELECT p.title FROM projects p WHERE EXISTS (SELECT 1 FROM issues i, notes n WHERE author = p.owner);
-- sql::value_count
INSERT INTO users (tenant_id, email, name) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c');
-- sql::value_count
INSERT INTO users (tenant_id, email, name) VALUES ('11111111-1111-1111-1111-111111111111', 'b@c', 'd', 'e');
-- sql::value_count
INSERT INTO labels VALUES (1, 'a', 3);
-- sql::value_count
INSERT INTO labels (issue, label) SELECT id FROM issues;
-- sql::value_count
INSERT INTO labels (issue, label) VALUES (1, 'a'), (2);
-- sql::value_count
VALUES (1, 2), (3);
-- sql::value_count
UPDATE issues SET (title, body) = ('a', 'b', 'c') WHERE id = 1;
-- sql::set_width
SELECT id, name FROM users UNION SELECT id FROM issues;
-- sql::set_width
SELECT id FROM users EXCEPT SELECT author, id FROM issues;
-- sql::set_width
WITH RECURSIVE t AS (SELECT id, 1 AS n FROM notes UNION ALL SELECT t.id FROM t) SELECT * FROM t;
-- sql::missing_column
INSERT INTO users (tenant_id, name) VALUES ('11111111-1111-1111-1111-111111111111', 'a');
-- sql::missing_column
INSERT INTO issues (tenant_id, title) VALUES ('11111111-1111-1111-1111-111111111111', 'a');
-- sql::missing_column
INSERT INTO notes (issue, text) VALUES (1, 'a');
-- sql::missing_column
INSERT INTO labels (issue) VALUES (1);
-- sql::missing_column
INSERT INTO labels DEFAULT VALUES;
-- sql::missing_column
INSERT INTO users (tenant_id, name) SELECT id, slug FROM tenants;
-- sql::generated_column
INSERT INTO projects (tenant_id, title, title_lower) VALUES ('11111111-1111-1111-1111-111111111111', 'a', 'b');
-- sql::generated_column
UPDATE projects SET title_lower = 'x' WHERE id = 1;
-- sql::read_only_view
INSERT INTO project_counts (project) VALUES (1);
-- sql::read_only_view
UPDATE project_counts SET issues = 3 WHERE project = 1;
-- sql::read_only_view
DELETE FROM project_counts WHERE project = 1;
-- sql::misplaced_aggregate
SELECT id FROM users WHERE count(*) > 1;
-- sql::misplaced_aggregate
SELECT id FROM users WHERE age = max(age);
-- sql::misplaced_aggregate
SELECT count(*) FROM users GROUP BY count(*);
-- sql::misplaced_window
SELECT id FROM issues WHERE row_number() OVER (ORDER BY id) = 1;
-- sql::unknown_position
SELECT id, name FROM users ORDER BY 3;
-- sql::unknown_position
SELECT role, count(*) FROM users GROUP BY 5;
-- sql::unknown_position
SELECT id FROM users UNION SELECT id FROM issues ORDER BY 2;
-- sql::subquery_width
SELECT (SELECT id, name FROM users LIMIT 1);
-- sql::subquery_width
SELECT id FROM users WHERE id = (SELECT id, author FROM issues);
-- sql::subquery_width
SELECT id FROM users WHERE id IN (SELECT id, author FROM issues);
-- sql::unknown_window
SELECT rank() OVER w FROM issues;
-- sql::alias_count
WITH a (x, y) AS (SELECT id FROM users) SELECT x FROM a;
-- sql::null_value
UPDATE users SET name = NULL WHERE id = 1;
-- sql::unknown_column
SELECT u.name FROM sessions s JOIN users u ON u.id = s.user WHERE s.token IS NOT NULL;
-- sql::unknown_column
DELETE FROM sessions WHERE expired < '2026-01-01';
-- sql::unknown_column
UPDATE jobs SET status = 'done' WHERE id = 1;
-- sql::unknown_column
UPDATE jobs SET attempts = attempt + 1 WHERE id = 1;
-- sql::unknown_column
SELECT id FROM jobs WHERE state = 'queued' ORDER BY runat LIMIT 1;
-- sql::unknown_column
SELECT queue, sum(CASE WHEN stat = 'queued' THEN 1 ELSE 0 END) FROM jobs GROUP BY queue;
-- sql::unknown_column
SELECT t.title, p.bodi FROM threads t LEFT JOIN posts p ON p.thread = t.id;
-- sql::unknown_column
SELECT t.title FROM threads t LEFT JOIN posts p ON p.thread_id = t.id;
-- sql::unknown_column
SELECT f.name, (SELECT count(*) FROM threads t WHERE t.forum_id = f.id) FROM forums f;
-- sql::unknown_column
WITH busy AS (SELECT thread, count(*) AS n FROM posts GROUP BY thread) SELECT t.title, busy.posts FROM busy JOIN threads t ON t.id = busy.thread;
-- sql::unknown_column
SELECT name, sum(value) OVER (ORDER BY time) FROM metrics;
-- sql::unknown_column
SELECT lag(val) OVER w FROM metrics WINDOW w AS (ORDER BY at);
-- sql::unknown_column
SELECT count(*) FILTER (WHERE locked) FROM jobs;
-- sql::unknown_column
SELECT title FROM busy_threads WHERE forum = 1;
-- sql::unknown_column
SELECT perks FROM cheap_plans;
-- sql::unknown_column
INSERT INTO plans (code, cost) VALUES ('a', 1);
-- sql::unknown_column
INSERT INTO plans (code, price) VALUES ('a', 1) ON CONFLICT (code) DO UPDATE SET price = excluded.cost;
-- sql::unknown_column
SELECT p.code FROM plans p JOIN subscriptions s USING (code);
-- sql::unknown_column
SELECT coalesce(nickname, name) FROM users;
-- sql::unknown_column
SELECT CAST(votez AS TEXT) FROM issues;
-- sql::unknown_column
SELECT id FROM issues WHERE (project, athor) = (1, 2);
-- sql::unknown_column
SELECT x.id FROM (SELECT id AS ident FROM users) x;
-- sql::unknown_column
SELECT id FROM users WHERE name BETWEEN low AND 'z';
-- sql::unknown_column
SELECT id FROM users u WHERE u.id IN (SELECT s.user_id FROM sessions s WHERE s.agent = u.agent);
-- sql::unknown_table
SELECT u.name FROM users u JOIN session s ON s.user_id = u.id;
-- sql::unknown_table
INSERT INTO thread (forum, title) VALUES (1, 'a');
-- sql::unknown_table
UPDATE job SET state = 'done';
-- sql::unknown_table
DELETE FROM posts WHERE thread IN (SELECT id FROM topics);
-- sql::unknown_table
SELECT (SELECT count(*) FROM post WHERE post.thread = threads.id) FROM threads;
-- sql::unknown_table
SELECT id FROM users UNION SELECT id FROM customers;
-- sql::unknown_table
WITH RECURSIVE r AS (SELECT id FROM posts UNION ALL SELECT p.id FROM postings p JOIN r ON r.id = p.parent) SELECT id FROM r;
-- sql::unknown_qualifier
SELECT posts.id FROM posts p WHERE p.thread = 1;
-- sql::unknown_qualifier
SELECT t.id FROM threads t JOIN posts p ON p.thread = th.id;
-- sql::unknown_qualifier
SELECT p.body FROM threads t WHERE EXISTS (SELECT 1 FROM posts p WHERE p.thread = t.id);
-- sql::unknown_qualifier
SELECT id FROM users ORDER BY s.expires;
-- sql::unknown_qualifier
INSERT INTO jobs (queue) SELECT f.name FROM users u;
-- sql::unknown_qualifier
UPDATE threads SET posts = (SELECT count(*) FROM posts p WHERE p.thread = t.id);
-- sql::unknown_qualifier
DELETE FROM jobs WHERE job.state = 'done';
-- sql::ambiguous_column
SELECT title FROM threads t JOIN issues i ON i.id = t.id;
-- sql::ambiguous_column
SELECT t.id FROM threads t JOIN posts p ON p.thread = t.id WHERE id > 3;
-- sql::ambiguous_column
SELECT t.id FROM threads t JOIN posts p ON p.thread = t.id ORDER BY body, title, parent, forum, coalesce(id, 0);
-- sql::ambiguous_column
SELECT f.id, count(*) FROM forums f JOIN users u ON u.id = f.id GROUP BY f.id, name;
-- sql::ambiguous_column
SELECT u.id FROM users u JOIN subscriptions s ON tenant_id = s.tenant_id;
-- sql::ambiguous_column
WITH a AS (SELECT id FROM users), b AS (SELECT id FROM issues) SELECT id FROM a, b;
-- sql::value_count
INSERT INTO threads (forum, title, pinned) VALUES (1, 'a');
-- sql::value_count
INSERT INTO jobs (queue, payload) SELECT queue, payload, state FROM jobs;
-- sql::value_count
INSERT INTO forums (slug, name) VALUES ('a', 'b'), ('c', 'd', 'e');
-- sql::set_width
SELECT name, slug FROM forums UNION ALL SELECT title FROM threads ORDER BY 1;
-- sql::set_width
SELECT id FROM users WHERE id IN (SELECT writer FROM posts UNION SELECT user_id, agent FROM sessions);
-- sql::missing_column
INSERT INTO threads (title) VALUES ('a');
-- sql::missing_column
INSERT INTO sessions (token, user_id) VALUES ('a', 1);
-- sql::missing_column
INSERT INTO plans (code) VALUES ('a');
-- sql::missing_column
INSERT INTO metrics (at, name) SELECT at, name FROM metrics;
-- sql::missing_column
INSERT INTO forums DEFAULT VALUES;
-- sql::generated_column
INSERT INTO posts (thread, body, words) VALUES (1, 'a', 'a');
-- sql::generated_column
UPDATE posts SET words = 'a' WHERE id = 1;
-- sql::read_only_view
INSERT INTO busy_threads (id) VALUES (1);
-- sql::misplaced_aggregate
SELECT name FROM metrics WHERE value > avg(value);
-- sql::misplaced_aggregate
UPDATE threads SET posts = 0 WHERE max(posts) > 1;
-- sql::misplaced_window
SELECT name FROM metrics WHERE lag(value) OVER (ORDER BY at) > 1;
-- sql::unknown_position
SELECT queue, count(*) FROM jobs GROUP BY 1 ORDER BY 3;
-- sql::subquery_width
SELECT name, (SELECT agent, ip FROM sessions WHERE user_id = users.id) FROM users;
-- sql::subquery_width
UPDATE threads SET posts = (SELECT id, thread FROM posts);
-- sql::unknown_window
SELECT sum(value) OVER by_name FROM metrics WINDOW w AS (PARTITION BY name);
-- sql::alias_count
WITH x (a) AS (SELECT 1 AS y), z (a, b) AS (SELECT a FROM x) SELECT a FROM z;
-- sql::null_value
INSERT INTO threads (forum, title) VALUES (1, NULL);
