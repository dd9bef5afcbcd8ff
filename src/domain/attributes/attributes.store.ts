import { rowsInChunks } from '../../platform/database/chunks.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Db } from '../../platform/database/store.ts'
import {
  ATTRIBUTE_COLUMNS,
  type AttributeRow,
  type Change,
  type EffectiveAttributeRecord,
  type StoredAttribute,
} from './attribute.ts'

export type OwnerKind = 'user' | 'group'
const TABLES = {
  user: { owners: 'users', attributes: 'user_attributes', owner: 'user_id' },
  group: { owners: 'groups', attributes: 'group_attributes', owner: 'group_id' },
} as const

const SELECT_ATTRIBUTE = selectList(ATTRIBUTE_COLUMNS)
const columns = (kind: OwnerKind): string => `a.${TABLES[kind].owner} AS "ownerId", ${SELECT_ATTRIBUTE}`

export const attributesOf = (db: Db, kind: OwnerKind, ownerIds: readonly number[]): Promise<AttributeRow[]> => {
  const { attributes, owner } = TABLES[kind]
  const text = `SELECT ${columns(kind)} FROM ${attributes} a WHERE a.${owner} = ANY($1::int[]) ORDER BY a.id`
  return rowsInChunks(db, ownerIds, piece => db.query<AttributeRow>(text, [piece]))
}

export const effectiveAttributesOf = (
  db: Db,
  userIds: readonly number[],
): Promise<(EffectiveAttributeRecord & { userId: number })[]> =>
  rowsInChunks(db, userIds, piece =>
    db.query<EffectiveAttributeRecord & { userId: number; id: number }>(
      `SELECT a.user_id AS "userId", a.key, a.value, a.source, NULL::int AS "groupId", a.id FROM user_attributes a
        WHERE a.user_id = ANY($1::int[])
       UNION ALL
       SELECT m.user_id, a.key, a.value, a.source, a.group_id, a.id FROM memberships m JOIN group_attributes a ON a.group_id = m.group_id
        WHERE m.user_id = ANY($1::int[])
       ORDER BY "groupId" NULLS FIRST, id`,
      [piece],
    ),
  )

export const storedAttributesOf = (db: Db, kind: OwnerKind, ownerIds: readonly number[]): Promise<StoredAttribute[]> => {
  const { attributes, owner } = TABLES[kind]
  return db.query(`SELECT a.id, ${columns(kind)} FROM ${attributes} a WHERE a.${owner} = ANY($1::int[]) ORDER BY a.id`, [
    ownerIds,
  ])
}

export async function writeChanges(
  db: Db,
  {
    kind,
    changes,
    now,
    source = 'bim',
    made = new Set(),
  }: {
    kind: OwnerKind
    changes: ReadonlyMap<number, Change>
    now: Date
    source?: string
    /** Owners that are new: they are not written once more. */
    made?: ReadonlySet<number>
  },
): Promise<void> {
  const { owners, attributes, owner } = TABLES[kind]
  const removed = [...changes.values()].flatMap(change => change.removed.map(({ id }) => id))
  const added = [...changes].flatMap(([id, change]) => change.added.map(value => ({ id, ...value })))
  // First: a moved value must not conflict with itself.
  const gone = removed.length > 0 && db.query(`DELETE FROM ${attributes} WHERE id = ANY($1::int[])`, [removed])
  const written = db.query(
    `WITH added AS (
       INSERT INTO ${attributes} (${owner}, key, key_key, value, source, created_at)
       SELECT n.owner_id, n.key, n.key_key, n.value, $7, $6::timestamptz
         FROM unnest($2::int[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY n(owner_id, key, key_key, value, place) ORDER BY n.place
       ON CONFLICT DO NOTHING)
     UPDATE ${owners} SET updated_at = $6::timestamptz WHERE id = ANY($1::int[]) AND updated_at <> $6::timestamptz`,
    [
      [...changes.keys()].filter(id => !made.has(id)),
      added.map(({ id }) => id),
      added.map(({ key }) => key),
      added.map(({ keyKey }) => keyKey),
      added.map(({ value }) => value),
      now,
      source,
    ],
  )
  await Promise.all([gone, written])
}

export async function removeEverywhere(
  db: Db,
  kind: OwnerKind,
  { source, keyKey, value, now }: { source: string; keyKey: string; value: string | null; now: Date },
): Promise<number> {
  const { owners, attributes, owner } = TABLES[kind]
  const which = 'a.source = $1 AND a.key_key = $2 AND ($3::text IS NULL OR a.value = $3)'
  // Owners first, the lock order of all changes.
  await db.query(
    `WITH held AS (SELECT o.id FROM ${owners} o WHERE o.id IN (SELECT a.${owner} FROM ${attributes} a WHERE ${which})
       ORDER BY o.id FOR NO KEY UPDATE) SELECT count(*)::int FROM held`,
    [source, keyKey, value],
  )
  const [row] = await db.query<{ count: number }>(
    `WITH gone AS (DELETE FROM ${attributes} a WHERE ${which} RETURNING a.${owner} AS id),
       touched AS (UPDATE ${owners} SET updated_at = $4::timestamptz WHERE id IN (SELECT id FROM gone))
     SELECT count(DISTINCT id)::int AS count FROM gone`,
    [source, keyKey, value, now],
  )
  return row?.count ?? 0
}
