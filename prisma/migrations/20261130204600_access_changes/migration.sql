-- by hand

-- Whose credentials open something else now: sent by the transaction that changed it, at its commit to every instance (NOTIFY), and
-- within it to the connection that sends it (INFO). '*' is everybody. At most 500 ids: NOTIFY takes 8,000 bytes.
CREATE FUNCTION access_changed(users int[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  payload text := CASE WHEN cardinality(users) > 500 THEN '*' ELSE coalesce(array_to_string(users, ','), '*') END;
BEGIN
  IF payload = '' THEN RETURN; END IF;
  PERFORM pg_notify('roster_access', payload);
  RAISE INFO USING MESSAGE = payload, ERRCODE = 'RA001';
END $$;

CREATE FUNCTION access_of_holders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM access_changed(ARRAY(SELECT DISTINCT c.user_id FROM changed c LIMIT 501));
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM access_changed(ARRAY[OLD.user_id, NEW.user_id]);
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM access_changed(ARRAY(SELECT c.id FROM changed c LIMIT 501));
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM access_changed(ARRAY[NEW.id]);
  RETURN NULL;
END $$;

-- Most groups have no rule, and their members change most often: those send nothing.
CREATE FUNCTION access_of_members() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  granting int[] := ARRAY(SELECT g.id FROM groups g WHERE g.id = ANY(ARRAY(SELECT DISTINCT c.group_id FROM changed c))
    AND EXISTS (SELECT FROM iam_group_permissions r WHERE r.iamid = g.iamid AND r.group_key = g.name_key));
BEGIN
  IF cardinality(granting) > 0 THEN
    PERFORM access_changed(ARRAY(SELECT DISTINCT c.user_id FROM changed c WHERE c.group_id = ANY(granting) LIMIT 501));
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed c JOIN iam_group_permissions r ON r.iamid = c.iamid AND r.group_key = c.name_key) THEN
    PERFORM access_changed(NULL);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM iam_group_permissions r
    WHERE r.iamid = OLD.iamid AND r.group_key = OLD.name_key OR r.iamid = NEW.iamid AND r.group_key = NEW.name_key) THEN
    PERFORM access_changed(NULL);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM access_changed(NULL);
  RETURN NULL;
END $$;

CREATE FUNCTION access_of_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN PERFORM access_changed(NULL); END IF;
  RETURN NULL;
END $$;

-- A use moves last_used, and expires_at forward: neither ends anything that is remembered.
CREATE TRIGGER access_ended AFTER DELETE ON tokens REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_holders();
CREATE TRIGGER access_changed AFTER UPDATE ON tokens FOR EACH ROW
  WHEN (NEW.expires_at < OLD.expires_at OR (OLD.user_id, OLD.api_key_id, OLD.impersonator_id, OLD.project_id, OLD.hash, OLD.scopes)
    IS DISTINCT FROM (NEW.user_id, NEW.api_key_id, NEW.impersonator_id, NEW.project_id, NEW.hash, NEW.scopes))
  EXECUTE FUNCTION access_of_holder();

CREATE TRIGGER access_ended AFTER DELETE ON api_keys REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_holders();
CREATE TRIGGER access_changed AFTER UPDATE ON api_keys FOR EACH ROW
  WHEN ((OLD.user_id, OLD.project_id, OLD.hash, OLD.scopes, OLD.expires_at)
    IS DISTINCT FROM (NEW.user_id, NEW.project_id, NEW.hash, NEW.scopes, NEW.expires_at))
  EXECUTE FUNCTION access_of_holder();

CREATE TRIGGER access_ended AFTER DELETE ON users REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_users();
CREATE TRIGGER access_changed AFTER UPDATE ON users FOR EACH ROW
  WHEN ((OLD.disabled, OLD.iamid, OLD.userid, OLD.userid_key, OLD.profile_id)
    IS DISTINCT FROM (NEW.disabled, NEW.iamid, NEW.userid, NEW.userid_key, NEW.profile_id))
  EXECUTE FUNCTION access_of_user();

CREATE TRIGGER access_granted AFTER INSERT ON user_permissions REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_holders();
CREATE TRIGGER access_ended AFTER DELETE ON user_permissions REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_holders();
CREATE TRIGGER access_changed AFTER UPDATE ON user_permissions FOR EACH ROW
  WHEN ((OLD.user_id, OLD.permission) IS DISTINCT FROM (NEW.user_id, NEW.permission))
  EXECUTE FUNCTION access_of_holder();

CREATE TRIGGER access_granted AFTER INSERT ON memberships REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_members();
CREATE TRIGGER access_ended AFTER DELETE ON memberships REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_members();
CREATE TRIGGER access_changed AFTER UPDATE ON memberships FOR EACH ROW
  WHEN ((OLD.user_id, OLD.group_id) IS DISTINCT FROM (NEW.user_id, NEW.group_id))
  EXECUTE FUNCTION access_of_holder();

-- The memberships of a deleted group go after it, when its rules are no longer found.
CREATE TRIGGER access_ended AFTER DELETE ON groups REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_groups();
CREATE TRIGGER access_changed AFTER UPDATE ON groups FOR EACH ROW
  WHEN ((OLD.iamid, OLD.name_key, OLD.unfinished_at IS NULL) IS DISTINCT FROM (NEW.iamid, NEW.name_key, NEW.unfinished_at IS NULL))
  EXECUTE FUNCTION access_of_group();

CREATE TRIGGER access_granted AFTER INSERT ON iam_group_permissions REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_any();
CREATE TRIGGER access_ended AFTER DELETE ON iam_group_permissions REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_any();
CREATE TRIGGER access_changed AFTER UPDATE ON iam_group_permissions FOR EACH ROW
  WHEN ((OLD.iamid, OLD.group_key, OLD.permission) IS DISTINCT FROM (NEW.iamid, NEW.group_key, NEW.permission))
  EXECUTE FUNCTION access_of_all();

CREATE TRIGGER access_ended AFTER DELETE ON iams REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_any();
CREATE TRIGGER access_changed AFTER UPDATE ON iams FOR EACH ROW
  WHEN ((OLD.id, OLD.config, OLD.default_permissions) IS DISTINCT FROM (NEW.id, NEW.config, NEW.default_permissions))
  EXECUTE FUNCTION access_of_all();

CREATE TRIGGER access_ended AFTER DELETE ON scim_keys REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION access_of_any();
CREATE TRIGGER access_changed AFTER UPDATE ON scim_keys FOR EACH ROW
  WHEN ((OLD.iamid, OLD.hash, OLD.expires_at) IS DISTINCT FROM (NEW.iamid, NEW.hash, NEW.expires_at))
  EXECUTE FUNCTION access_of_all();
