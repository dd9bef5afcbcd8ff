// The end of a run: what its statements selected (sent-rows.ts) beside the row types of src (row-types.ts).
import type { Store } from '../../src/platform/database/store.ts'
import { type Catalogue, faultsOf } from './row-faults.ts'
import { rowTypes } from './row-types.ts'
import { takeSentRows } from './sent-rows.ts'

/** Columns that a condition of their statements keeps from being NULL. */
const NEVER_NULL = [
  'src/federation/group-entries.store.ts directoryId',
  'src/scim/resources/groups.store.ts scimid',
  'src/scim/resources/unfinished-groups.store.ts unfinishedAt',
  'src/sync/entries.store.ts userId',
  'src/sync/runs.store.ts startedAt',
]

/** It passes every statement on. */
const FORWARDER = 'src/loaders.ts:'

/** `unseen`: lines whose row type no statement was seen for. */
export async function checkRows(run: string, store: Store): Promise<{ faults: string[]; compared: number; unseen: string[] }> {
  const types = rowTypes()
  const catalogue = await readCatalogue(store)
  const compared = new Set<string>()
  const faults = takeSentRows(run).flatMap(sent => {
    const line = sent.senders.find(sender => types.has(sender) && !sender.startsWith(FORWARDER))
    const row = line === undefined ? null : types.get(line)
    if (!row) return []
    compared.add(line!)
    const fields = sent.fields.map(field =>
      NEVER_NULL.includes(`${line!.replace(/:\d+$/, '')} ${field.name}`) ? { ...field, column: null } : field,
    )
    return faultsOf({ ...sent, fields }, row, catalogue).map(fault => `${line} ${fault} (${sent.text.slice(0, 80)})`)
  })
  const typed = [...types].flatMap(([line, row]) => (row === null ? [] : line))
  return {
    faults: [...new Set(faults)].sort(),
    compared: compared.size,
    unseen: typed.filter(line => !compared.has(line)).sort(),
  }
}

async function readCatalogue({ db }: Store): Promise<Catalogue> {
  const types = await db.query<{ oid: number; name: string }>('SELECT oid::int4 AS oid, typname::text AS name FROM pg_type')
  const columns = await db.query<{ key: string }>(
    `SELECT a.attrelid::int4 || '.' || a.attnum AS key FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attnotnull`,
  )
  return { types: new Map(types.map(({ oid, name }) => [oid, name])), nullable: new Set(columns.map(({ key }) => key)) }
}
