-- AlterTable
ALTER TABLE "groups" ADD COLUMN     "unfinished_at" TIMESTAMPTZ(3);

-- by hand

CREATE INDEX groups_unfinished ON groups (unfinished_at) WHERE unfinished_at IS NOT NULL;

-- As before, but a group whose creation is not complete grants nothing.
CREATE OR REPLACE VIEW effective_permissions AS
  SELECT p.user_id, p.permission, p.source, NULL::int AS group_id, p.id::bigint AS place
    FROM user_permissions p
  UNION ALL
  SELECT m.user_id, r.permission, 'group' AS source, g.id AS group_id, 3000000000 + g.id AS place
    FROM memberships m JOIN groups g ON g.id = m.group_id AND g.unfinished_at IS NULL
    JOIN iam_group_permissions r ON r.iamid = g.iamid AND r.group_key = g.name_key
  UNION ALL
  SELECT u.id AS user_id, d.permission, 'IAM defaults' AS source, NULL::int AS group_id, 9000000000 AS place
    FROM users u JOIN iams i ON i.id = u.iamid AND i.id <> 'bim' CROSS JOIN LATERAL unnest(i.default_permissions) d(permission);
