-- One text that a search looks at, kept by the store itself, and indexes for the filters of users.

-- by hand

-- Removes accents: foldAccents of src/platform/accent-folding.ts does the same to what is searched for. All names are of pg_catalog.
CREATE FUNCTION fold_accents(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
  BEGIN
    IF octet_length(given) = char_length(given) THEN RETURN given; END IF;
    RETURN normalize(replace(replace(replace(replace(translate(
      regexp_replace(normalize(given, NFD) COLLATE "C", '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g'),
      'øłđðħŧıŋƀɓƈɖɗƌɠɨƙƚɲƞɵƥƫƭʈʉʋƴƶȥǥɇɉɍɏȼⱥⱦȿɀɫⱡɽ’‘ʼ‐–—', 'olddhtinbbcdddgiklnnoptttuvyzzgejrycatszllr''''''---'),
      'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), NFC);
  END $$;

-- The ids that other systems know a user by, each after a blank. A body that is parsed here needs no search_path.
CREATE FUNCTION external_ids(directory_id text, openid_id text, saml_id text, scim jsonb, external_user_ids jsonb) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
  nullif(fold_accents(fold_case(normalize(left(
    coalesce(' ' || directory_id, '') || coalesce(' ' || openid_id, '') || coalesce(' ' || saml_id, '')
    || coalesce(' ' || (scim ->> 'externalId'), '')
    || CASE WHEN external_user_ids = '{}' THEN '' ELSE
      replace(replace(jsonb_path_query_array(external_user_ids, '$.** ? (@.type() == "string")')::text, '"', ' '), '\\', '\') END,
    4096), NFKC))), '');

ALTER TABLE users
  ADD COLUMN search_text text COLLATE "C" GENERATED ALWAYS AS
    (' ' || fold_accents(name_key) || ' ' || fold_accents(userid_key) || ' ' || fold_accents(email_key)) STORED,
  ADD COLUMN search_ids text COLLATE "C" GENERATED ALWAYS AS
    (external_ids(directory_id, openid_id, saml_id, scim, external_user_ids)) STORED;
ALTER TABLE groups ADD COLUMN search_text text COLLATE "C" GENERATED ALWAYS AS (' ' || fold_accents(name_key)) STORED;

CREATE INDEX users_search_text ON users USING gin (search_text gin_trgm_ops);
CREATE INDEX users_search_ids ON users USING gin (search_ids gin_trgm_ops);
CREATE INDEX groups_search_text ON groups USING gin (search_text gin_trgm_ops);

CREATE INDEX users_disabled_by_source ON users (id) WHERE disabled AND disabled_by <> 'bim';
CREATE INDEX users_disabled_by_administrator ON users (id) WHERE disabled AND coalesce(disabled_by, 'bim') = 'bim';
CREATE INDEX user_permissions_source ON user_permissions (source, user_id);
CREATE INDEX user_attributes_source ON user_attributes (source, user_id);
CREATE INDEX memberships_sources ON memberships USING gin (sources);

-- How many rows a pattern matches is estimated by matching it with the sample that is kept.
ALTER TABLE users ALTER COLUMN search_text SET STATISTICS 200, ALTER COLUMN search_ids SET STATISTICS 200;
ALTER TABLE groups ALTER COLUMN search_text SET STATISTICS 200;
