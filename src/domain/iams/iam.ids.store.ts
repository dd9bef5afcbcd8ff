import type { Db } from '../../platform/database/store.ts'
import type { IamRecord } from './iam.ts'

export async function recordEntryIds(
  db: Db,
  { id, idsMissingSince }: Pick<IamRecord, 'id' | 'idsMissingSince'>,
  { state, now }: { state: 'given' | 'missing'; now: Date },
): Promise<void> {
  if ((idsMissingSince !== null) === (state === 'missing')) return
  const since = state === 'missing' ? now : null
  await db.query(
    `UPDATE iams SET ids_missing_since = $2::timestamptz WHERE id = $1 AND (ids_missing_since IS NULL) = ($2::timestamptz IS NOT NULL)`,
    [id, since],
  )
}
