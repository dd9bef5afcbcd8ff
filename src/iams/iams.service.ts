/** IAMs: what is configured, and what that gives to whom. The walk of a configuration is told in iam.ts. */
import { type Call, done, type Outcome, read, type Service, unchanged, write } from '../access/guard.ts'
import { type AuditDraft, difference } from '../audit/audit.ts'
import { mint } from '../credentials/secret.ts'
import { Conflict, Invalid } from '../errors.ts'
import type { Direction, IamFilter } from '../generated/graphql.ts'
import { type PageArgs, readPage } from '../store/page.ts'
import type { Db } from '../store/store.ts'
import { keepAnAdministrator, refuseGrant } from '../users/powers.ts'
import { type CheckedConfig, checkConfig } from './iam.config.ts'
import {
  changedGroupPermissions,
  changedPermissions,
  checkDisplayName,
  checkGroupPermissions,
  checkNewId,
  checkPermissions,
  checkType,
  type IamInput,
  refuseBim,
  unpaste,
} from './iam.input.ts'
import type { IamType } from './iam.schema.ts'
import { type GroupPermissionRow, groupPermissions, type IamRecord, idFrom, inOrder, scimUrl } from './iam.ts'
import {
  deleteIamRow,
  endAccessOfIam,
  entrances,
  findIam,
  freeIamid,
  groupPermissionsOf,
  iamList,
  insertIam,
  isKnownIam,
  lockIam,
  permissionsHeldIn,
  replaceGroupPermissions,
  requireIam,
  setScimKey,
  updateIamRow,
} from './iams.store.ts'
import { type Sealed, seal } from './secrets.ts'

interface ListArgs extends PageArgs {
  filter?: IamFilter | null
  direction?: Direction | null
}

export const iams = {
  /** The type of an IAM, for a log-in that begins: nobody is known yet. Null when there is none. */
  typeOf: read('session:start', async ({ db }: Call, { id }: { id: string }) => (await findIam(db, id))?.type ?? null),

  /** The IAMs whose log-in goes on at a provider, by name. */
  entrances: read('session:start', ({ db }: Call, _: object) => entrances(db)),

  /** `bim` first, the others by id. */
  list: read('iam:list', ({ db }: Call, { filter, direction, ...page }: ListArgs) =>
    readPage<IamRecord>(db, iamList(filter ?? {}, direction), page),
  ),

  /** Null when there is none. */
  get: read('iam:list', ({ db }: Call, { id }: { id: string }) => findIam(db, id)),

  create: write('iam:configure', createIam),
  update: write('iam:configure', updateIam),
  remove: write('iam:configure', removeIam),

  /** The key is shown this once; the one before it opens nothing any more. It opens SCIM only while the configuration has SCIM on. */
  generateScimKey: write('iam:configure', async (call: Call, { id }: { id: string }) => {
    const { db, app, now } = call
    refuseBim(id, 'has no SCIM')
    const { iam: before } = await lockIam(db, id)
    refuseGrant(call, await powersOf(db, before, await groupPermissionsOf(db, [id])))
    const key = mint('rs')
    await setScimKey(db, id, key, now)
    const iam = await requireIam(db, id)
    const event = configured(iam, { scimKeyPrefix: before.scimKeyPrefix }, { scimKeyPrefix: iam.scimKeyPrefix })
    return done({ iam, scimKey: key.secret, scimUrl: scimUrl(app.config.publicUrl, id) }, event)
  }),
} satisfies Service

async function createIam(call: Call, given: IamInput): Promise<Outcome<IamRecord>> {
  const { db, app, now } = call
  const input = unpaste(given)
  const displayName = checkDisplayName(input.displayName)
  const type = checkType(input.type)
  const wished = input.id == null ? null : checkNewId(input.id)
  const defaultPermissions = checkPermissions('defaultPermissions', input.defaultPermissions ?? [])
  const checked = checkConfig(type, wished ?? '', input.config ?? {})
  const rules = checkGroupPermissions(wished ?? '', input.groupPermissions ?? {})
  await checkMigration(call, checked.config)
  refuseGrant(call, [...defaultPermissions, ...rules.map(rule => rule.permission)])
  const id = wished ?? (await idOf(call, displayName, type))
  const secrets = sealed(app.key, id, {}, checked)
  if (!(await insertIam(db, id, { displayName, type, config: checked.config, secrets, defaultPermissions }, now)))
    throw new Conflict(`There is an IAM ${id} already`)
  await replaceGroupPermissions(
    db,
    id,
    rules.map(rule => ({ ...rule, iamid: id })),
  )
  const iam = await requireIam(db, id)
  return done(iam, configured(iam, null, facts(iam, rules)))
}

async function updateIam(call: Call, given: IamInput & { id: string }): Promise<Outcome<IamRecord>> {
  const { db, app, now } = call
  const input = unpaste(given)
  const displayName = input.displayName == null ? null : checkDisplayName(input.displayName)
  const defaults = input.defaultPermissions == null ? null : checkPermissions('defaultPermissions', input.defaultPermissions)
  const rules = input.groupPermissions == null ? null : checkGroupPermissions(input.id, input.groupPermissions)
  const { iam: before, sealed: kept } = await lockIam(db, input.id)
  if (input.type != null && input.type !== before.type) throw new Invalid('type', `is ${before.type} and never changes`)
  const stays: CheckedConfig = { config: before.config, secrets: new Map() }
  const checked = input.config == null ? stays : checkConfig(before.type as IamType, before.id, input.config, before)
  if (input.config != null) await checkMigration(call, checked.config)

  const rulesBefore = await groupPermissionsOf(db, [before.id])
  const powers = [
    ...(defaults ? changedPermissions(before.defaultPermissions, defaults) : []),
    ...(rules ? changedGroupPermissions(rulesBefore, rules) : []),
  ]
  refuseGrant(call, powers)
  if (input.config != null && changesSource(before, checked)) refuseGrant(call, await powersOf(db, before, rulesBefore))
  const next = {
    displayName: displayName ?? before.displayName,
    config: checked.config,
    secrets: sealed(app.key, before.id, kept, checked),
    defaultPermissions: defaults ?? before.defaultPermissions,
  }
  const change = difference(
    facts(before, rulesBefore),
    facts({ ...before, ...next, secrets: fingerprints(next.secrets) }, rules ?? rulesBefore),
  )
  if (!change.changed) return unchanged(before)
  await updateIamRow(db, before.id, next, now)
  if (rules) await replaceGroupPermissions(db, before.id, rules)
  if (powers.includes('USER_ADMIN')) await keepAnAdministrator(db)
  const iam = await requireIam(db, before.id)
  return done(iam, configured(iam, change.before, change.after))
}

/** Whether the configuration, as opposed to what it says of itself, becomes another. */
const changesSource = (before: IamRecord, { config, secrets }: CheckedConfig): boolean =>
  secrets.size > 0 || JSON.stringify(inOrder(before.config)) !== JSON.stringify(inOrder(config))

/**
 * What whoever decides where the IAM's people come from could take hold of: they could log in as each of them, and put anybody into its
 * groups. Nobody takes over a holder of an administrative permission they lack (reference: iam-rules, "Permissions").
 */
async function powersOf(db: Db, iam: IamRecord, rules: readonly GroupPermissionRow[]): Promise<string[]> {
  return [...iam.defaultPermissions, ...rules.map(rule => rule.permission), ...(await permissionsHeldIn(db, iam.id))]
}

/** Its users stay and can do nothing: that disables every one of them, so it needs what disabling each would need. */
async function removeIam(call: Call, { id }: { id: string }): Promise<Outcome<{ deleted: true }>> {
  const { db } = call
  refuseBim(id, 'cannot be removed')
  const { iam } = await lockIam(db, id)
  const rules = await groupPermissionsOf(db, [id])
  const powers = await powersOf(db, iam, rules)
  refuseGrant(call, powers)
  const ended = await endAccessOfIam(db, id)
  await deleteIamRow(db, id)
  if (powers.includes('USER_ADMIN')) await keepAnAdministrator(db)
  return done({ deleted: true as const }, configured(iam, { ...facts(iam, rules), ...ended }, null))
}

async function checkMigration({ db }: Call, config: Record<string, unknown>): Promise<void> {
  if (typeof config.migrateFrom === 'string' && !(await isKnownIam(db, config.migrateFrom)))
    throw new Invalid('config.migrateFrom', 'must be the id of an IAM, or of a removed one whose users are still here')
}

/** Made from the display name; a number follows when an IAM has it, or had it. */
async function idOf({ db }: Call, displayName: string, type: string): Promise<string> {
  const base = idFrom(displayName, type)
  const candidates = [base, ...Array.from({ length: 998 }, (_, index) => `${base}${index + 2}`)].filter(id => id !== 'group')
  const id = await freeIamid(db, candidates)
  if (id === null) throw new Conflict('All ids made from this display name are taken: give an id')
  return id
}

/** The stored secrets as the input changes them: left out stays, null goes. An equal one is not sealed anew. */
function sealed(
  key: Buffer,
  id: string,
  kept: Readonly<Record<string, Sealed>>,
  { secrets }: CheckedConfig,
): Record<string, Sealed> {
  const next = new Map(Object.entries(kept))
  for (const [path, secret] of secrets) {
    if (secret === null) next.delete(path)
    else {
      const fresh = seal(key, id, path, secret)
      if (next.get(path)?.fingerprint !== fresh.fingerprint) next.set(path, fresh)
    }
  }
  return Object.fromEntries([...next].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const fingerprints = (secrets: Readonly<Record<string, Sealed>>) =>
  Object.fromEntries(Object.entries(secrets).map(([path, { fingerprint }]) => [path, fingerprint]))

/** What the audit log says of an IAM: of its secrets only the fingerprints. In one order, so that equal facts are equal as text. */
const facts = (iam: IamRecord, rules: readonly GroupPermissionRow[]) => ({
  displayName: iam.displayName,
  type: iam.type,
  defaultPermissions: iam.defaultPermissions,
  groupPermissions: inOrder(groupPermissions([...rules].sort((a, b) => (a.permission < b.permission ? -1 : 1)))),
  config: inOrder(iam.config),
  secrets: inOrder(iam.secrets),
})

const configured = (
  iam: IamRecord,
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
): AuditDraft => ({
  event: 'iamConfigured',
  target: { type: 'iam', id: iam.id, name: iam.displayName },
  before,
  after,
})
