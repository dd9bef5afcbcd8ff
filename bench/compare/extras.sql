-- The functions with which PostGraphile does the same work.
CREATE FUNCTION bench_search(part text) RETURNS SETOF users LANGUAGE sql STABLE AS
  $$ SELECT * FROM users WHERE name_key LIKE '%' || part || '%' AND NOT disabled ORDER BY name_key, id $$;
CREATE FUNCTION bench_after(after_name text, after_id int) RETURNS SETOF users LANGUAGE sql STABLE AS
  $$ SELECT * FROM users WHERE (name_key, id) > (after_name, after_id) AND NOT disabled ORDER BY name_key, id $$;
CREATE FUNCTION users_groups_by_name(u users) RETURNS SETOF groups LANGUAGE sql STABLE AS
  $$ SELECT g.* FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id ORDER BY g.name_key, g.id $$;
CREATE FUNCTION groups_members_by_name(g groups) RETURNS SETOF memberships LANGUAGE sql STABLE AS
  $$ SELECT m.* FROM memberships m WHERE m.group_id = g.id ORDER BY m.user_name_key, m.id $$;
CREATE FUNCTION memberships_name(m memberships) RETURNS text LANGUAGE sql STABLE AS $$ SELECT name FROM users WHERE id = m.user_id $$;
CREATE FUNCTION bench_add(to_group int, member text) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  WITH g AS (SELECT id, name FROM groups WHERE id = to_group), u AS (SELECT id, userid, name_key, profile_id FROM users WHERE iamid = 'bim' AND userid_key = member),
  added AS (INSERT INTO memberships (group_id, user_id, user_name_key, added_by) SELECT g.id, u.id, u.name_key, 'bim/admin' FROM g, u RETURNING id, created_at, updated_at),
  event AS (INSERT INTO audit_events (event, action, outcome, actor_kind, actor_user_id, actor_name, credential, target_type, target_id, target_name, after, request_id, address)
    SELECT 'groupUserAdded', 'group:addMember', 'done', 'user', 1, 'bim/admin', 'token 1', 'group', g.id::text, 'bim/' || g.name,
           jsonb_build_object('members', jsonb_build_array(jsonb_build_object('id', u.id, 'name', 'bim/' || u.userid))), gen_random_uuid()::text, '127.0.0.1' FROM g, u, added)
  SELECT jsonb_build_object('id', added.id, 'group', g.id, 'profile', u.profile_id, 'createdAt', added.created_at, 'updatedAt', added.updated_at) FROM added, g, u $$;
