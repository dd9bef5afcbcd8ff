import type { Loaders } from '../../authorization/context.ts'
import type { Direction, IamFilter } from '../../generated/inputs.ts'
import type { Prisma } from '../../generated/prisma/client.ts'
import { foldCaseSql } from '../../platform/case-folding.ts'
import { json, orNull, pageSelection, selectList, text } from '../../platform/database/columns.ts'
import { type Along, readOneAlong } from '../../platform/database/edges.ts'
import { conditions, type ListQuery } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { NotFound } from '../../platform/errors.ts'
import { didYouMean } from '../../platform/suggestions.ts'
import { checkList, checkText } from '../../platform/validation.ts'
import type { EncryptedSecrets } from './encryption.ts'
import { GROUP_PERMISSION_COLUMNS, type GroupPermissionRow, IAM_COLUMNS, type IamRecord, type SignInOption } from './iam.ts'
import { IAM_EDGES } from './iams.edges.ts'
import { scimKeyPrefix } from './scim-keys.store.ts'

export const iamExtras = (iamid: 'i.id' | 'page.id', secrets: string) => ({
  scimKeyPrefix: orNull(text(scimKeyPrefix(iamid))),
  secrets: json<Record<string, string>>(
    `(SELECT coalesce(jsonb_object_agg(s.key, s.value->>'fingerprint'), '{}') FROM ${secrets})`,
  ),
})
const SELECT_IAM = selectList({ ...IAM_COLUMNS, ...iamExtras('i.id', 'jsonb_each(i.secrets) s') })
const IAM_PAGE = pageSelection(
  IAM_COLUMNS,
  iamExtras('page.id', 'iams i CROSS JOIN jsonb_each(i.secrets) s WHERE i.id = page.id'),
)

export const iamList = (filter: IamFilter, direction: Direction | null | undefined): ListQuery<IamRecord> => ({
  ...IAM_PAGE,
  from: 'iams i',
  ...conditions([
    ['i.id = ANY($::text[])', filter.iamids && checkList('ids', filter.iamids)],
    ['i.type = ANY($::text[])', filter.types && checkList('types', filter.types).map(type => checkText('types', type))],
  ]),
  id: '0::bigint',
  order: {
    name: 'iams',
    expression: `(CASE WHEN i.id = 'bim' THEN '' ELSE i.id END COLLATE "C")`,
    type: 'text',
    descending: direction === 'DESC',
  },
})

export const iamsByIds = (db: Db, ids: readonly string[]): Promise<IamRecord[]> =>
  db.query(`SELECT ${SELECT_IAM} FROM iams i WHERE i.id = ANY($1::text[])`, [ids])

export const readIam = (db: Db, id: string, along?: Along<Loaders>): Promise<IamRecord | null> =>
  readOneAlong(db, { text: `SELECT ${SELECT_IAM} FROM iams i WHERE i.id = $1`, values: [id] }, { edges: IAM_EDGES, along })

export async function findIam(db: Db, id: string): Promise<IamRecord | null> {
  const [iam] = await iamsByIds(db, [id])
  return iam ?? null
}

export const signInOptions = (db: Db): Promise<SignInOption[]> =>
  db.query(
    `SELECT i.id, i.display_name AS "displayName", i.type <> 'openid' AS "byPassword" FROM iams i
      WHERE i.type = 'built-in' OR (i.type IN ('ldap', 'openid') AND i.config->'options' IS NOT NULL)
      ORDER BY i.id <> 'bim', ${foldCaseSql('i.display_name')} COLLATE "C", i.id COLLATE "C" LIMIT 100`,
    [],
  )

const iamids = async (db: Db): Promise<string[]> =>
  (await db.query<{ id: string }>('SELECT id FROM iams ORDER BY id COLLATE "C" LIMIT 1000', [])).map(({ id }) => id)

/** Suggests other ids: callers may list them (`iam:list`). */
export async function requireIam(db: Db, id: string): Promise<IamRecord> {
  const iam = await findIam(db, id)
  if (!iam) throw new NotFound(`No IAM ${id}${didYouMean(id, await iamids(db))}`)
  return iam
}

export async function lockIam(db: Db, id: string): Promise<{ iam: IamRecord; encrypted: Record<string, EncryptedSecrets> }> {
  const [row] = await db.query<IamRecord & { encrypted: Record<string, EncryptedSecrets> }>(
    `SELECT ${SELECT_IAM}, i.secrets AS encrypted FROM iams i WHERE i.id = $1 FOR UPDATE`,
    [id],
  )
  if (!row) throw new NotFound(`No IAM ${id}${didYouMean(id, await iamids(db))}`)
  const { encrypted, ...iam } = row
  return { iam, encrypted }
}

/** Blocks removal. Call it before locking users, as removal does. */
export async function lockIamRow(db: Db, id: string): Promise<Readonly<Record<string, unknown>> | null> {
  const [row] = await db.query<Pick<IamRecord, 'config'>>(`SELECT config FROM iams WHERE id = $1 FOR KEY SHARE`, [id])
  return row?.config ?? null
}

export async function encryptedSecretsOf(db: Db, id: string): Promise<Record<string, EncryptedSecrets>> {
  const [row] = await db.query<{ secrets: Record<string, EncryptedSecrets> }>(`SELECT i.secrets FROM iams i WHERE i.id = $1`, [
    id,
  ])
  return row?.secrets ?? {}
}

export const storedSecrets = (db: Db): Promise<{ id: string; secrets: Record<string, EncryptedSecrets> }[]> =>
  db.query(`SELECT i.id, i.secrets FROM iams i WHERE i.secrets <> '{}' ORDER BY i.id`)

export async function secretsWithOtherKey(db: Db, keyIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT i.id FROM iams i WHERE EXISTS (SELECT 1 FROM jsonb_each(i.secrets) s WHERE s.value->>'key' <> ALL($1::text[])) ORDER BY i.id`,
    [keyIds],
  )
  return rows.map(row => row.id)
}

export async function replaceSecrets(db: Db, id: string, secrets: Record<string, EncryptedSecrets>): Promise<void> {
  const { secrets: data } = jsonOf({ config: {}, secrets })
  await db.prisma.iam.update({ where: { id }, data: { secrets: data }, select: { id: true } })
}

export async function freeIamid(db: Db, candidates: readonly string[]): Promise<string | null> {
  const [row] = await db.query<{ id: string }>(
    `SELECT c.id FROM unnest($1::text[]) WITH ORDINALITY c(id, place)
      WHERE NOT EXISTS (SELECT 1 FROM iams i WHERE i.id = c.id) AND NOT EXISTS (SELECT 1 FROM users u WHERE u.iamid = c.id)
        AND NOT EXISTS (SELECT 1 FROM groups g WHERE g.iamid = c.id) ORDER BY c.place LIMIT 1`,
    [candidates],
  )
  return row?.id ?? null
}

export async function isKnownIam(db: Db, id: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM iams WHERE id = $1) OR EXISTS (SELECT 1 FROM users WHERE iamid = $1)`,
    [id],
  )
  return rows.length > 0
}

export interface IamColumns {
  displayName: string
  type: string
  config: Record<string, unknown>
  secrets: Record<string, EncryptedSecrets>
  defaultPermissions: readonly string[]
}

interface Written<Columns> {
  readonly columns: Columns
  /** As in the audit log. */
  readonly by: string
  readonly now: Date
}

export async function insertIam(db: Db, id: string, { columns, by, now }: Written<IamColumns>): Promise<boolean> {
  const data = {
    defaultSince: Object.fromEntries(columns.defaultPermissions.map(permission => [permission, { at: now, by }])),
    ...columns,
    ...jsonOf(columns),
    defaultPermissions: [...columns.defaultPermissions],
    createdAt: now,
    updatedAt: now,
  }
  const { count } = await db.prisma.iam.createMany({ data: [{ id, ...data }], skipDuplicates: true })
  return count === 1
}

export async function updateIamRow(db: Db, id: string, { columns, by, now }: Written<Omit<IamColumns, 'type'>>): Promise<void> {
  await db.query(
    `UPDATE iams i SET default_since = (SELECT coalesce(jsonb_object_agg(d.permission, CASE WHEN d.permission = ANY(i.default_permissions)
       THEN coalesce(i.default_since->d.permission, 'null') ELSE jsonb_build_object('at', $3::timestamptz, 'by', $4::text) END), '{}')
       FROM unnest($2::text[]) d(permission)) WHERE i.id = $1`,
    [id, columns.defaultPermissions, now, by],
  )
  const data = { ...columns, ...jsonOf(columns), defaultPermissions: [...columns.defaultPermissions], updatedAt: now }
  await db.prisma.iam.update({ where: { id }, data, select: { id: true } })
}

const jsonOf = ({ config, secrets }: Pick<IamColumns, 'config' | 'secrets'>) => ({
  config: config as Prisma.InputJsonObject,
  secrets: secrets as unknown as Prisma.InputJsonObject,
})

export const groupPermissionsOf = (db: Db, ids: readonly string[]): Promise<GroupPermissionRow[]> =>
  db.query(
    `SELECT ${selectList(GROUP_PERMISSION_COLUMNS)} FROM iam_group_permissions r
      WHERE r.iamid = ANY($1::text[]) ORDER BY r.iamid, r.group_key, r.permission`,
    [ids],
  )

/** Rules that stay keep their origin. */
export async function replaceGroupPermissions(
  db: Db,
  iamid: string,
  { columns: rules, by, now }: Written<readonly GroupPermissionRow[]>,
): Promise<void> {
  const [keys, permissions] = [rules.map(rule => rule.groupKey), rules.map(rule => rule.permission)]
  await db.query(
    `DELETE FROM iam_group_permissions r WHERE r.iamid = $1 AND (r.group_key, r.permission) NOT IN (SELECT n.key, n.permission
       FROM unnest($2::text[], $3::text[]) n(key, permission))`,
    [iamid, keys, permissions],
  )
  await db.query(
    `INSERT INTO iam_group_permissions (iamid, group_name, group_key, permission, created_at, created_by)
     SELECT $1, n.name, n.key, n.permission, $5::timestamptz, $6 FROM unnest($2::text[], $3::text[], $4::text[]) n(key, permission, name)
     ON CONFLICT (iamid, group_key, permission) DO UPDATE SET group_name = excluded.group_name`,
    [iamid, keys, permissions, rules.map(rule => rule.groupName), now, by],
  )
}

export async function permissionsHeldIn(db: Db, iamid: string): Promise<string[]> {
  const rows = await db.query<{ permission: string }>(
    `SELECT DISTINCT e.permission FROM effective_permissions e JOIN users u ON u.id = e.user_id WHERE u.iamid = $1 ORDER BY 1`,
    [iamid],
  )
  return rows.map(row => row.permission)
}

/** Anyone who configures it could use them (iam-rules, "Permissions"). */
export async function permissionsGrantedBy(db: Db, iam: IamRecord, rules: readonly GroupPermissionRow[]): Promise<string[]> {
  return [...iam.defaultPermissions, ...rules.map(rule => rule.permission), ...(await permissionsHeldIn(db, iam.id))]
}
