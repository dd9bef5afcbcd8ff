-- 100,000 users, 5,000 groups, 1,000,000 skewed memberships, 420,000 attributes, 300,000 permissions, in Roster's own schema.
BEGIN;
SELECT setseed(0.42);
CREATE TEMP TABLE people AS SELECT i,
  (ARRAY['anna','boris','carla','david','elena','frank','greta','henry','irene','jakob','karin','louis','maria','nadia','oscar','paula','quinn','rosa','simon','tanja','ursula','viktor','wanda','xenia','yusuf','zora','annika','benno','chloe','diego'])[1+(i*7919)%30] AS first,
  (ARRAY['mueller','schmidt','garcia','rossi','dubois','novak','jensen','kowalski','silva','tanaka','meier','fischer','weber','lopez','moreau','bauer','keller','huber','conti','marin','popov','larsen','virtanen','nagy','horvat','berger','lang','roth','vogel','stein','arnold','becker','cohen','duarte','ekberg','ferri','gruber','hoffman'])[1+(i*104729)%38] AS last
  FROM generate_series(1::bigint, 100000) i;
INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key, phone, location, organization, preferences, disabled, created_at)
  SELECT 'bim', first||'.'||last||'.'||i, first||'.'||last||'.'||i, initcap(first)||' '||initcap(last)||' '||i, first||' '||last||' '||i,
         first||'.'||last||'.'||i||'@example.org', first||'.'||last||'.'||i||'@example.org', '+41 '||(100000000+i), 'City '||(i%311), 'dept-'||(i%200),
         jsonb_build_object('currentProject', NULL, 'locale', (ARRAY['de','en','fr','it'])[1+i%4]), i%50=0, timestamptz '2020-01-01' + (i%2000)*interval '1 day'
    FROM people ORDER BY i;
CREATE TEMP TABLE u AS SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM users WHERE userid ~ '\.\d+$';
CREATE UNIQUE INDEX ON u(n);
INSERT INTO groups (iamid, name, name_key, description)
  SELECT 'bim', g, g, 'Group number '||i FROM (SELECT i, 'group-'||(ARRAY['admin','sales','research','ops','support','finance','legal','hr'])[1+i%8]||'-'||i AS g FROM generate_series(1, 5000) i) x;
CREATE TEMP TABLE g AS SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM groups;
CREATE UNIQUE INDEX ON g(n);
INSERT INTO memberships (user_id, group_id, sources)
  SELECT u.id, g.id, '{bim}' FROM (
    SELECT DISTINCT un, gn FROM (SELECT 1+floor(random()*100000)::int un, 1+floor(power(random(),3)*5000)::int gn FROM generate_series(1, 1150000)) a LIMIT 1000000
  ) m JOIN u ON u.n = m.un JOIN g ON g.n = m.gn;
INSERT INTO user_attributes (user_id, key, key_key, value)
  SELECT u.id, k, lower(k), 'value-'||k||'-'||(u.n%1000) FROM u, unnest(ARRAY['costCenter','employeeId','office','title','manager','badge','license','shift']) WITH ORDINALITY a(k,o) WHERE (o + u.n) % 2 = 0;
INSERT INTO group_attributes (group_id, key, key_key, value)
  SELECT g.id, k, lower(k), 'value-'||k||'-'||g.n FROM g, unnest(ARRAY['owner','region','costCenter','tier']) k;
INSERT INTO user_permissions (user_id, permission) SELECT u.id, p FROM u, unnest(ARRAY['CREATE_PROJECT','CREATE_DATA_SOURCE','CREATE_FILTER']) p;
COMMIT;
ANALYZE;
