-- Users, groups, skewed memberships (the first groups have most), four attributes a user, permissions and audit events, in Roster's own
-- schema: from :…_from to :…_to of each. Indexes that hold no constraint are made again at the end, which is much quicker.
BEGIN;
CREATE TEMP TABLE indexes ON COMMIT DROP AS
  SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
   WHERE NOT indisunique AND indrelid = ANY('{users,groups,memberships,user_attributes,group_attributes,user_permissions,audit_events}'::regclass[]);
DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM indexes LOOP EXECUTE 'DROP INDEX ' || i.name; END LOOP; END $$;

SELECT setseed(0.42);
CREATE TEMP TABLE people ON COMMIT DROP AS SELECT i,
  (ARRAY['anna','boris','carla','david','elena','frank','greta','henry','irene','jakob','karin','louis','maria','nadia','oscar','paula','quinn','rosa','simon','tanja','ursula','viktor','wanda','xenia','yusuf','zora','annika','benno','chloe','diego'])[1+(i*7919)%30] AS first,
  (ARRAY['mueller','schmidt','garcia','rossi','dubois','novak','jensen','kowalski','silva','tanaka','meier','fischer','weber','lopez','moreau','bauer','keller','huber','conti','marin','popov','larsen','virtanen','nagy','horvat','berger','lang','roth','vogel','stein','arnold','becker','cohen','duarte','ekberg','ferri','gruber','hoffman'])[1+(i*104729)%38] AS last
  FROM generate_series(:users_from::bigint + 1, :users_to) i;
INSERT INTO users (iamid, userid, userid_key, name, name_key, email, email_key, phone, location, organization, preferences, disabled, created_at)
  SELECT 'bim', first||'.'||last||'.'||i, first||'.'||last||'.'||i, initcap(first)||' '||initcap(last)||' '||i, first||' '||last||' '||i,
         first||'.'||last||'.'||i||'@example.org', first||'.'||last||'.'||i||'@example.org', '+41 '||(100000000+i), 'City '||(i%311), 'dept-'||(i%200),
         jsonb_build_object('currentProject', NULL, 'locale', (ARRAY['de','en','fr','it'])[1+i%4]), i%50=0, timestamptz '2020-01-01' + (i%2000)*interval '1 day'
    FROM people ORDER BY i;
CREATE TEMP TABLE u ON COMMIT DROP AS SELECT id, name_key, row_number() OVER (ORDER BY id)::int AS n FROM users WHERE userid ~ '\.\d+$';
CREATE UNIQUE INDEX ON u(n);
INSERT INTO groups (iamid, name, name_key, description)
  SELECT 'bim', g, g, 'Group number '||i FROM (SELECT i, 'group-'||(ARRAY['admin','sales','research','ops','support','finance','legal','hr'])[1+i%8]||'-'||i AS g FROM generate_series(:groups_from + 1, :groups_to) i) x;
CREATE TEMP TABLE g ON COMMIT DROP AS SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM groups WHERE name ~ '-\d+$';
CREATE UNIQUE INDEX ON g(n);
ANALYZE u, g;

INSERT INTO memberships (user_id, group_id, user_name_key, sources)
  SELECT u.id, g.id, u.name_key, '{bim}' FROM (
    SELECT DISTINCT un, gn FROM (
      SELECT :users_from + 1 + floor(random()*(:users_to - :users_from))::int un,
             1 + floor(power(random(),3)*:groups_to)::int gn
        FROM generate_series(1, ((:memberships_to - :memberships_from) * 1.15)::bigint)) a
     LIMIT :memberships_to - :memberships_from
  ) m JOIN u ON u.n = m.un JOIN g ON g.n = m.gn;
INSERT INTO user_attributes (user_id, key, key_key, value)
  SELECT u.id, k, lower(k), 'value-'||k||'-'||(u.n%1000) FROM u, unnest(ARRAY['costCenter','employeeId','office','title','manager','badge','license','shift']) WITH ORDINALITY a(k,o)
   WHERE (o + u.n) % 2 = 0 AND u.n > :users_from;
INSERT INTO group_attributes (group_id, key, key_key, value)
  SELECT g.id, k, lower(k), 'value-'||k||'-'||g.n FROM g, unnest(ARRAY['owner','region','costCenter','tier']) k WHERE g.n > :groups_from;
INSERT INTO user_permissions (user_id, permission)
  SELECT u.id, p FROM u, unnest(ARRAY['CREATE_PROJECT','CREATE_DATA_SOURCE','CREATE_FILTER']) p WHERE u.n > :users_from;
INSERT INTO audit_events (at, event, action, outcome, actor_kind, actor_user_id, actor_name, target_type, target_id, after, request_id)
  SELECT now() - (:audit_events_to - i) * interval '1 second', 'userUpdated', 'user:update', CASE WHEN i % 1000 = 0 THEN 'denied' ELSE 'done' END, 'user',
         u.id, 'bim/user-'||u.id, 'user', u.id::text, '{"name": "a"}', gen_random_uuid()::text
    FROM generate_series(:audit_events_from::bigint + 1, :audit_events_to) i JOIN u ON u.n = 1 + i * 7919 % :users_to ORDER BY i;

DO $$ DECLARE i record; BEGIN FOR i IN SELECT * FROM indexes LOOP EXECUTE i.definition; END LOOP; END $$;
COMMIT;
