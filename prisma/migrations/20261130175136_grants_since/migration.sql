-- AlterTable
ALTER TABLE "iam_group_permissions" ADD COLUMN     "created_at" TIMESTAMPTZ(3),
ADD COLUMN     "created_by" TEXT;

-- AlterTable
ALTER TABLE "iams" ADD COLUMN     "default_since" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "user_permissions" ADD COLUMN     "granted_by" TEXT;

-- by hand

-- As before, with the origin of each grant: since when, by whom, and by which rule. Of a rule that an earlier version set, the time is not known.
CREATE OR REPLACE VIEW effective_permissions AS
  SELECT p.user_id, p.permission, p.source, NULL::int AS group_id, p.id::bigint AS place,
         p.created_at AS since, p.granted_by, NULL::text AS rule_iamid, NULL::text AS rule_group
    FROM user_permissions p
  UNION ALL
  SELECT m.user_id, r.permission, 'group' AS source, g.id AS group_id, 3000000000 + g.id AS place,
         CASE WHEN r.created_at IS NOT NULL THEN greatest(m.created_at, r.created_at) END AS since,
         CASE WHEN r.created_at IS NULL THEN NULL WHEN m.created_at > r.created_at THEN m.added_by ELSE r.created_by END AS granted_by,
         r.iamid AS rule_iamid, r.group_name AS rule_group
    FROM memberships m JOIN groups g ON g.id = m.group_id AND g.unfinished_at IS NULL
    JOIN iam_group_permissions r ON r.iamid = g.iamid AND r.group_key = g.name_key
  UNION ALL
  SELECT u.id AS user_id, d.permission, 'IAM defaults' AS source, NULL::int AS group_id, 9000000000 AS place,
         CASE WHEN i.default_since->d.permission ? 'at'
           THEN greatest(u.created_at, (i.default_since->d.permission->>'at')::timestamptz) END AS since,
         i.default_since->d.permission->>'by' AS granted_by, i.id AS rule_iamid, NULL::text AS rule_group
    FROM users u JOIN iams i ON i.id = u.iamid AND i.id <> 'bim' CROSS JOIN LATERAL unnest(i.default_permissions) d(permission);
