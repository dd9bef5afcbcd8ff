import type { Eraser } from './erasure.text.ts'

type Type = 'text' | 'jsonb' | 'text[]'
type Values = Readonly<Record<string, unknown>>

export interface StoredRow {
  readonly id: string
  readonly own: boolean
  readonly values: Values
}

export interface Place {
  readonly table: string
  /** Of SQL. */
  readonly columns: Readonly<Record<string, Type>>
  /** Whether a row of `t` is about the person of `p`. */
  readonly own: string
  readonly where: string
  /** The columns that change, with their values. */
  erase(row: StoredRow, eraser: Eraser): Values
}

const OF_RUN = 'EXISTS (SELECT 1 FROM sync_runs r WHERE r.id = t.run_id AND r.iamid = p.iamid)'
const IS_TARGET = `t.target_type = 'user' AND t.target_id = p.id::text`

/** Text by text; JSON and lists within. */
function replaced(row: StoredRow, eraser: Eraser, columns: readonly string[]): Values {
  const about = row.own ? 'own' : 'other'
  return Object.fromEntries(columns.map(name => [name, eraser.json(row.values[name], about)]))
}

const EVENT_COLUMNS = {
  actor_name: 'text',
  behalf_name: 'text',
  target_name: 'text',
  before: 'jsonb',
  after: 'jsonb',
  reason: 'text',
  address: 'text',
} as const
const IS_ACTOR = '(coalesce(t.actor_user_id = p.id, false) OR coalesce(t.behalf_user_id = p.id, false))'
/** Before a log-in nobody is the actor. */
const IS_OWN = `(${IS_ACTOR} OR t.actor_kind = 'anonymous')`

/** In this order: events about the person come last, since their former names are read from them. */
export const PLACES: readonly Place[] = [
  {
    table: 'exchanges',
    columns: {
      asked: 'text',
      userid: 'text',
      userid_key: 'text',
      resource: 'text',
      failure: 'text',
      request: 'jsonb',
      answer: 'jsonb',
      changes: 'jsonb',
    },
    own: 't.iamid = p.iamid AND t.userid_key = ANY(p.userids)',
    where: 'true',
    erase(row, eraser) {
      const texts = replaced(row, eraser, ['asked', 'failure'])
      if (!row.own)
        return { ...texts, ...replaced(row, eraser, ['userid', 'userid_key', 'resource', 'request', 'answer', 'changes']) }
      const { pseudonym } = eraser
      return { ...texts, userid: pseudonym, userid_key: pseudonym, resource: null, request: null, answer: null, changes: [] }
    },
  },
  {
    table: 'sync_entries',
    columns: {
      name: 'text',
      name_key: 'text',
      dn: 'text',
      state: 'text',
      reason: 'text',
      said: 'jsonb',
      before: 'jsonb',
      after: 'jsonb',
    },
    own: `(t.user_id = p.id OR (t.kind = 'user' AND t.name_key = ANY(p.userids) AND ${OF_RUN}))`,
    where: 'true',
    erase(row, eraser) {
      if (!row.own) return replaced(row, eraser, ['name', 'name_key', 'dn', 'reason', 'said', 'before', 'after'])
      const { pseudonym, strip } = eraser
      return {
        ...replaced(row, eraser, ['reason']),
        name: pseudonym,
        name_key: pseudonym,
        dn: null,
        said: null,
        before: strip(row.values.before),
        after: strip(row.values.after),
        // It cannot be applied any more.
        state: row.values.state === 'planned' ? 'skipped' : row.values.state,
      }
    },
  },
  {
    table: 'sync_runs',
    columns: { started_by: 'text', userid: 'text', reason: 'text', notes: 'text[]' },
    own: '(t.iamid = p.iamid AND fold_case(t.userid) = ANY(p.userids) OR t.started_by_user_id = p.id)',
    where: 'true',
    erase: (row, eraser) => replaced(row, eraser, ['started_by', 'userid', 'reason', 'notes']),
  },
  {
    table: 'user_permissions',
    columns: { granted_by: 'text' },
    own: 'false',
    where: 't.granted_by IS NOT NULL',
    erase: (row, eraser) => replaced(row, eraser, ['granted_by']),
  },
  {
    table: 'memberships',
    columns: { added_by: 'text' },
    own: 'false',
    where: 't.added_by IS NOT NULL',
    erase: (row, eraser) => replaced(row, eraser, ['added_by']),
  },
  {
    table: 'users',
    columns: { scim: 'jsonb' },
    own: 'false',
    where: 't.scim IS NOT NULL AND t.id <> p.id',
    erase: (row, eraser) => replaced(row, eraser, ['scim']),
  },
  {
    table: 'audit_events',
    columns: EVENT_COLUMNS,
    own: IS_ACTOR,
    where: `NOT (${IS_TARGET})`,
    erase: (row, eraser) => ({ ...eventOf(row, eraser), address: row.own ? null : row.values.address }),
  },
  {
    table: 'audit_events',
    columns: EVENT_COLUMNS,
    own: 'true',
    where: `${IS_TARGET} AND NOT ${IS_OWN}`,
    erase: aboutPerson,
  },
  {
    table: 'audit_events',
    columns: EVENT_COLUMNS,
    own: 'true',
    where: `${IS_TARGET} AND ${IS_OWN}`,
    erase: (row, eraser) => ({ ...aboutPerson(row, eraser), address: null }),
  },
]

function eventOf(row: StoredRow, eraser: Eraser): Values {
  return replaced(row, eraser, ['actor_name', 'behalf_name', 'target_name', 'before', 'after', 'reason'])
}

function aboutPerson(row: StoredRow, eraser: Eraser): Values {
  const { target_name: name, before, after } = row.values
  return { ...eventOf(row, eraser), target_name: named(name, eraser), before: eraser.strip(before), after: eraser.strip(after) }
}

/** Whatever name it was. */
function named(name: unknown, { pseudonym }: Eraser): string | null {
  if (typeof name !== 'string') return null
  return `${name.slice(0, name.indexOf('/') + 1)}${pseudonym}`
}
