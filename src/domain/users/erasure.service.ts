/** Erases one person, in windows of rows: each is a transaction, and an interrupted erasure begins again. */
import { isSelf, type UserRef } from '../../authorization/actor.ts'
import type { AuditDraft } from '../../authorization/audit-event.ts'
import {
  command,
  requirePermissionFor,
  type Service,
  type ServiceContext,
  type WriteResult,
} from '../../authorization/service.ts'
import { batchOf } from '../../platform/database/pruning.ts'
import type { Db } from '../../platform/database/store.ts'
import { Conflict, Invalid, NotFound } from '../../platform/errors.ts'
import { canonical } from '../../platform/validation.ts'
import { deleteAddresses } from '../credentials/login-addresses.store.ts'
import { PLACES, type Place } from './erasure.places.ts'
import {
  configuredIams,
  eventsAbout,
  findDeleted,
  forgetDeprovisioning,
  lockRows,
  nextWindow,
  ownRows,
  type Person,
  renameMakers,
  sharedNames,
  writeRows,
} from './erasure.store.ts'
import { collectNames, createEraser, type Eraser, type PersonNames, pseudonymOf } from './erasure.text.ts'
import { assertAdministratorRemains, assertMayManage } from './privilege-rules.ts'
import { ownedByUsers, withoutOwner } from './service-accounts.store.ts'
import type { UserRecord } from './user.ts'
import { deleteUserRow, findUser, lockUser, requireUser, revokeAccess, updateUser } from './users.store.ts'

/** Milliseconds after which a call ends. */
const LONG = 5_000

export interface Erasure {
  readonly pseudonym: string
  readonly tables: { readonly table: string; readonly rows: number }[]
  readonly endCursor: string | null
}

interface EraseArgs {
  readonly ref: UserRef
  readonly after?: string | null
  readonly dryRun?: boolean | null
}

export const erasures = {
  erase: command('user:erase', async (call, { ref, after, dryRun }: EraseArgs): Promise<WriteResult<Erasure>> => {
    requirePermissionFor(call, 'audit:list')
    const { user, id, iamid, userid } = await findPerson(call.db, ref)
    if (isSelf(call.actor, { id })) throw new Conflict('You cannot erase yourself: ask another administrator')
    if (user) await assertMayManage(call, id)
    const at = positionOf(after)
    const { person, names, eraser } = await eraserOf(call.db, { user, id, iamid, userid })
    const run = new ErasureRun({ person, names, eraser, user, isReal: dryRun !== true })
    const events = user && dryRun !== true && !user.disabled ? [await close(call, user)] : []
    return { value: run.result(null), events, next: next => run.window(next, at) }
  }),
} satisfies Service

interface Found {
  /** Null: deleted before. */
  readonly user: UserRecord | null
  readonly id: number
  readonly iamid: string
  readonly userid: string
}

async function findPerson(db: Db, ref: UserRef): Promise<Found> {
  const user = await findUser(db, ref)
  if (user) return { user, id: user.id, iamid: user.iamid, userid: user.userid }
  const name = ref.userid == null ? null : `${ref.iamid ?? 'bim'}/${ref.userid}`.toLowerCase()
  const deleted = await findDeleted(db, { id: ref.id ?? null, name })
  const isErased = deleted?.name.endsWith(`/${pseudonymOf(deleted.id)}`)
  if (deleted === null || isErased) {
    await requireUser(db, ref)
    throw new NotFound('No such user')
  }
  const slash = deleted.name.indexOf('/')
  return { user: null, id: deleted.id, iamid: deleted.name.slice(0, slash), userid: deleted.name.slice(slash + 1) }
}

/** Nothing more is stored for a disabled user. */
async function close({ db, now }: ServiceContext, user: UserRecord): Promise<AuditDraft> {
  await lockUser(db, user.id)
  const [, revokedTokens] = await Promise.all([
    updateUser(db, user.id, { disabled: true, disabledBy: 'bim', updatedAt: now }),
    revokeAccess(db, user.id),
    assertAdministratorRemains(db),
  ])
  return { event: 'userDisabled', target: erased(user), before: { disabled: false }, after: { disabled: true, revokedTokens } }
}

const erased = ({ id, iamid }: { id: number; iamid: string }) =>
  ({ type: 'user', id, name: `${iamid}/${pseudonymOf(id)}` }) as const

async function eraserOf(
  db: Db,
  { user, id, iamid, userid }: Found,
): Promise<{ person: Person; names: PersonNames; eraser: Eraser }> {
  const sets = {
    iamids: new Set([iamid]),
    userids: new Set([userid]),
    names: new Set<string>(),
    unique: new Set<string>(),
  }
  collectNames({ ...user }, sets)
  collectNames(user?.scim ?? null, sets)
  for (const value of [user?.directoryId, user?.openidId, user?.samlId, user?.phone]) if (value) sets.unique.add(value)
  for (const { name, before, after } of await eventsAbout(db, id)) {
    if (name?.includes('/') && !name.endsWith(`/${pseudonymOf(id)}`)) sets.userids.add(name.slice(name.indexOf('/') + 1))
    collectNames(before, sets)
    collectNames(after, sets)
  }
  const pseudonym = pseudonymOf(id)
  for (const set of Object.values(sets)) set.delete(pseudonym)
  const [iamids, userids, names, unique] = [[...sets.iamids], [...sets.userids], [...sets.names], [...sets.unique]]
  const taken = await sharedNames(db, id, {
    names: [...userids, ...names].map(canonical),
    pairs: iamids.flatMap(one => userids.map(other => canonical(`${one}/${other}`))),
    emails: unique.map(canonical),
  })
  const shared = new Set(taken)
  const known: PersonNames = { iamids, userids, names, unique: unique.filter(value => !shared.has(canonical(value))), shared }
  const person = { id, iamid, userids: userids.map(canonical) }
  return { person, names: known, eraser: createEraser(id, known, await configuredIams(db)) }
}

interface Position {
  readonly place: number
  readonly after: string
}

function positionOf(cursor: string | null | undefined): Position {
  if (cursor == null) return { place: 0, after: '0' }
  const [, place, after] = /^(\d{1,2}):(\d{1,18})$/.exec(cursor) ?? []
  if (place === undefined || Number(place) >= PLACES.length) throw new Invalid('after', 'must be the endCursor of a call before')
  return { place: Number(place), after: after! }
}

interface RunOptions {
  readonly person: Person
  readonly names: PersonNames
  readonly eraser: Eraser
  readonly user: UserRecord | null
  readonly isReal: boolean
}

class ErasureRun {
  readonly #options: RunOptions
  readonly #rows = new Map<string, number>()
  /** Where each place ended. */
  readonly #ends = new Map<Place, string>()
  readonly #end = performance.now() + LONG

  constructor(options: RunOptions) {
    this.#options = options
  }

  result(endCursor: string | null): Erasure {
    const tables = [...this.#rows].filter(([, rows]) => rows > 0).map(([table, rows]) => ({ table, rows }))
    return { pseudonym: this.#options.eraser.pseudonym, tables, endCursor }
  }

  async window(call: ServiceContext, at: Position): Promise<WriteResult<Erasure>> {
    const place = PLACES[at.place]
    if (place === undefined) return this.#finish(call)
    const limit = batchOf(call.db)
    const { last, seen } = await this.#eraseIn(call.db, place, { after: at.after, limit })
    this.#ends.set(place, last ?? at.after)
    const next = seen < limit || last === null ? { place: at.place + 1, after: '0' } : { place: at.place, after: last }
    if (performance.now() > this.#end && next.place < PLACES.length)
      return { value: this.result(`${next.place}:${next.after}`), events: [] }
    return { value: this.result(null), events: [], next: call => this.window(call, next) }
  }

  async #eraseIn(db: Db, place: Place, { after, limit }: { after: string; limit: number }) {
    const { person, eraser, isReal } = this.#options
    const window = await nextWindow(db, place, { person, patterns: eraser.patterns, after, limit })
    const rows = window.ids.length === 0 ? [] : await lockRows(db, place, { person, ids: window.ids })
    const changed = rows.flatMap(row => {
      const values = { ...row.values, ...place.erase(row, eraser) }
      return JSON.stringify(values) === JSON.stringify(row.values) ? [] : [{ id: row.id, ...values }]
    })
    if (isReal) await writeRows(db, place, changed)
    this.#count(place.table, changed.length)
    return window
  }

  #count(table: string, rows: number): void {
    this.#rows.set(table, (this.#rows.get(table) ?? 0) + rows)
  }

  /** With what was written meanwhile, of which there is little. */
  async #finish({ db }: ServiceContext): Promise<WriteResult<Erasure>> {
    const { person, names, user, isReal, eraser } = this.#options
    for (const [place, after] of this.#ends) await this.#eraseIn(db, place, { after, limit: batchOf(db) })
    for (const { table, rows } of await ownRows(db, person.id)) this.#count(table, rows)
    if (!isReal) return { value: this.result(null), events: [] }
    const pairs = names.iamids.flatMap(iamid => names.userids.map(userid => `${iamid}/${userid}`))
    const makers = pairs.filter(pair => !names.shared.has(canonical(pair)))
    this.#count('iam_group_permissions', await renameMakers(db, { before: makers, after: `${person.iamid}/${eraser.pseudonym}` }))
    await forgetDeprovisioning(db, person.id)
    const owned = await ownedByUsers(db, { ids: [person.id] })
    if (user) {
      await deleteUserRow(db, user.id)
      await deleteAddresses(db, [user])
      await assertAdministratorRemains(db)
    }
    const { tables } = this.result(null)
    const after = { tables: Object.fromEntries(tables.map(({ table, rows }) => [table, rows])) }
    const before = withoutOwner(owned.get(person.id))
    return { value: this.result(null), events: [{ event: 'userErased', target: erased(person), before, after }] }
  }
}
