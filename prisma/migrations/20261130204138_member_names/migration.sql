-- The name of the user beside each membership, for pages of members in the order of an index.

-- by hand

-- step: a column for the name
ALTER TABLE memberships ADD COLUMN IF NOT EXISTS user_name_key text COLLATE "C";

-- step: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS users_id_name_key_key;

-- step: an index for the lock of names
CREATE UNIQUE INDEX CONCURRENTLY users_id_name_key_key ON users (id, name_key);

-- step: names of new memberships and of renamed users
-- As the name is part of a unique index, renaming waits for KEY SHARE: a membership never keeps a name that was replaced meanwhile.
CREATE OR REPLACE FUNCTION name_membership() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    SELECT u.name_key INTO NEW.user_name_key FROM users u WHERE u.id = NEW.user_id FOR KEY SHARE;
    RETURN NEW;
  END $$;
CREATE OR REPLACE FUNCTION rename_memberships() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE memberships SET user_name_key = NEW.name_key WHERE user_id = NEW.id;
    RETURN NULL;
  END $$;
-- A statement that knows the name saves the look-up.
CREATE OR REPLACE TRIGGER memberships_named BEFORE INSERT ON memberships
  FOR EACH ROW WHEN (NEW.user_name_key IS NULL) EXECUTE FUNCTION name_membership();
CREATE OR REPLACE TRIGGER users_renamed AFTER UPDATE OF name_key ON users
  FOR EACH ROW WHEN (OLD.name_key <> NEW.name_key) EXECUTE FUNCTION rename_memberships();

-- step: names of all memberships
DO $$
  DECLARE
    size constant bigint := 10000;
    low bigint := 0;
    high bigint := (SELECT coalesce(max(id), 0) FROM memberships);
  BEGIN
    WHILE low < high LOOP
      UPDATE memberships m SET user_name_key = u.name_key FROM users u
        WHERE u.id = m.user_id AND m.id > low AND m.id <= low + size AND m.user_name_key IS NULL;
      COMMIT;
      low := low + size;
      IF low % 200000 = 0 THEN RAISE INFO 'names of memberships, % of %', low, high; END IF;
    END LOOP;
  END $$;

-- step: each membership has a name
ALTER TABLE memberships DROP CONSTRAINT IF EXISTS memberships_are_named,
  ADD CONSTRAINT memberships_are_named CHECK (user_name_key IS NOT NULL) NOT VALID;

-- step: each membership has a name, checked
ALTER TABLE memberships VALIDATE CONSTRAINT memberships_are_named;

-- step: each membership has a name, in the column
ALTER TABLE memberships ALTER COLUMN user_name_key SET NOT NULL, DROP CONSTRAINT memberships_are_named;

-- step: what is left of an interrupted index
DROP INDEX CONCURRENTLY IF EXISTS memberships_group_id_user_name_key_id_idx;

-- step: an index for pages of members
CREATE INDEX CONCURRENTLY memberships_group_id_user_name_key_id_idx ON memberships (group_id, user_name_key, id);

-- step: statistics
ANALYZE memberships;
