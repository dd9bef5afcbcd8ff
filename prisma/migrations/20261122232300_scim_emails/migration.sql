-- Providers look people up by any of their e-mail addresses (RFC 7644 3.4.2.2: `emails[type eq "work" and value eq "…"]`). The addresses
-- stand in a list in the document; a document that was never written says the profile's. An entry of an index has a bound: of a longer text the beginning is found, and the filter looks at the whole.

-- by hand

CREATE FUNCTION scim_emails(scim jsonb, email text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN scim IS NULL THEN ARRAY[left(lower(email), 320)]
    ELSE ARRAY(SELECT left(lower(v #>> '{}'), 320) FROM jsonb_path_query(scim, '$.emails[*].value') v) END
$$;
CREATE INDEX users_scim_emails ON users USING gin (scim_emails(scim, email));
