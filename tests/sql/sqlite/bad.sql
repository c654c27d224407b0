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
