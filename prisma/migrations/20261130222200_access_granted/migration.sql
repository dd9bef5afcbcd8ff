-- by hand

-- NOTIFY makes commits wait for each other, until each is on the disk. New users and most members have no credential that another
-- instance might remember: what is granted to them is not sent there. What is taken away always is.
CREATE FUNCTION access_granted(users int[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(users) = 0 THEN RETURN; END IF;
  IF cardinality(users) > 500 OR EXISTS (SELECT FROM tokens t WHERE t.user_id = ANY(users))
    OR EXISTS (SELECT FROM api_keys k WHERE k.user_id = ANY(users)) THEN
    PERFORM access_changed(users);
  ELSE
    RAISE INFO USING MESSAGE = array_to_string(users, ','), ERRCODE = 'RA001';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION access_of_holders() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  users int[] := ARRAY(SELECT DISTINCT c.user_id FROM changed c LIMIT 501);
BEGIN
  IF TG_OP = 'INSERT' THEN PERFORM access_granted(users); ELSE PERFORM access_changed(users); END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION access_of_members() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  granting int[] := ARRAY(SELECT g.id FROM groups g WHERE g.id = ANY(ARRAY(SELECT DISTINCT c.group_id FROM changed c))
    AND EXISTS (SELECT FROM iam_group_permissions r WHERE r.iamid = g.iamid AND r.group_key = g.name_key));
  users int[];
BEGIN
  IF cardinality(granting) > 0 THEN
    users := ARRAY(SELECT DISTINCT c.user_id FROM changed c WHERE c.group_id = ANY(granting) LIMIT 501);
    IF TG_OP = 'INSERT' THEN PERFORM access_granted(users); ELSE PERFORM access_changed(users); END IF;
  END IF;
  RETURN NULL;
END $$;
