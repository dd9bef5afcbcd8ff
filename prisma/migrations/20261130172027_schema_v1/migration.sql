ALTER TABLE "sync_entries" RENAME COLUMN "outcome" TO "action";

-- by hand

UPDATE sync_entries SET action = CASE action
    WHEN 'import' THEN 'create' WHEN 'refresh' THEN 'update' WHEN 'fault' THEN 'error'
    ELSE CASE WHEN said ? 'gone' OR reason = 'The directory deleted it, and it has no other data' THEN 'delete'
              WHEN before IS NULL THEN 'create' ELSE 'update' END END
  WHERE action IN ('import', 'refresh', 'fault', 'group');
UPDATE sync_runs SET status = 'cancelled' WHERE status = 'dropped';
UPDATE api_keys SET scopes = array_replace(array_replace(scopes, 'iam:confirmSync', 'iam:approveSync'), 'iam:dropSync', 'iam:cancelSync')
  WHERE scopes && ARRAY['iam:confirmSync', 'iam:dropSync'];
UPDATE tokens SET scopes = array_replace(array_replace(scopes, 'iam:confirmSync', 'iam:approveSync'), 'iam:dropSync', 'iam:cancelSync')
  WHERE scopes && ARRAY['iam:confirmSync', 'iam:dropSync'];
