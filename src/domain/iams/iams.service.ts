import { nameOf } from '../../authorization/actor.ts'
import { difference } from '../../authorization/audit-event.ts'
import type { Loaders } from '../../authorization/context.ts'
import { generateSecret } from '../../authorization/secret.ts'
import {
  changed,
  command,
  query,
  type Service,
  type ServiceContext,
  unchanged,
  type WriteResult,
} from '../../authorization/service.ts'
import type { Direction, IamFilter } from '../../generated/inputs.ts'
import { type Along, readPageAlong } from '../../platform/database/edges.ts'
import type { PageArgs } from '../../platform/database/pagination.ts'
import { assertUnchanged, Conflict, Invalid } from '../../platform/errors.ts'
import { assertAdministratorRemains, assertMayGrant } from '../users/privilege-rules.ts'
import { iamTypes } from './config/describe.ts'
import {
  assertNotBim,
  changedGroupPermissions,
  changedPermissions,
  checkDisplayName,
  checkGroupPermissions,
  checkNewId,
  checkPermissions,
  checkType,
  type IamInput,
  normalizeVendorConfig,
} from './config/input.ts'
import { configOf } from './config/patched.ts'
import type { IamType } from './config/schema.ts'
import { type CheckedConfig, checkConfig } from './config/validate.ts'
import { type EncryptedSecrets, encrypt } from './encryption.ts'
import { auditSnapshot, iamConfiguredEvent } from './iam.audit.ts'
import { removeIam } from './iam.removal.ts'
import { type IamRecord, idFrom, scimEnabled, scimUrl, sortKeys } from './iam.ts'
import { IAM_EDGES } from './iams.edges.ts'
import {
  findIam,
  freeIamid,
  groupPermissionsOf,
  iamList,
  insertIam,
  isKnownIam,
  lockIam,
  permissionsGrantedBy,
  permissionsHeldIn,
  readIam,
  replaceGroupPermissions,
  requireIam,
  signInOptions,
  updateIamRow,
} from './iams.store.ts'
import { addScimKey } from './scim-keys.store.ts'

/** Seconds of validity of replaced SCIM keys. */
const SCIM_KEY_GRACE = 86_400
const MAX_GRACE = 2_592_000

interface ListArgs extends PageArgs {
  filter?: IamFilter | null
  direction?: Direction | null
  along?: Along<Loaders>
}

export const iams = {
  typeOf: query('session:start', async ({ db }: ServiceContext, { id }: { id: string }) => (await findIam(db, id))?.type ?? null),

  entrances: query('session:start', ({ db }: ServiceContext, _: object) => signInOptions(db)),

  list: query('iam:list', ({ db }: ServiceContext, { filter, direction, along, ...page }: ListArgs) =>
    readPageAlong(db, iamList(filter ?? {}, direction), { ...page, edges: IAM_EDGES, along }),
  ),

  get: query('iam:list', ({ db }: ServiceContext, { id, along }: { id: string; along?: Along<Loaders> }) =>
    readIam(db, id, along),
  ),

  types: query('iam:describe', async (_: ServiceContext, __: object) => iamTypes),

  create: command('iam:configure', createIam),
  update: command('iam:configure', updateIam),
  remove: command('iam:configure', removeIam),

  /** Earlier keys work for `graceSeconds`. Requires SCIM to be enabled. */
  generateScimKey: command(
    'iam:configure',
    async (call: ServiceContext, { id, graceSeconds }: { id: string; graceSeconds?: number | null }) => {
      const { db, app, now } = call
      assertNotBim(id, 'has no SCIM')
      const grace = graceSeconds ?? SCIM_KEY_GRACE
      if (grace < 0 || grace > MAX_GRACE) throw new Invalid('graceSeconds', `must be an integer from 0 to ${MAX_GRACE}`)
      const until = new Date(now.getTime() + grace * 1000)
      const { iam: before } = await lockIam(db, id)
      assertMayGrant(call, await permissionsGrantedBy(db, before, await groupPermissionsOf(db, [id])))
      const key = generateSecret('rs')
      await addScimKey(db, id, { key, now, until })
      const iam = await requireIam(db, id)
      const event = iamConfiguredEvent(
        iam,
        { scimKeyPrefix: before.scimKeyPrefix },
        {
          scimKeyPrefix: iam.scimKeyPrefix,
          ...(before.scimKeyPrefix !== null && { formerKeyExpiresAt: until }),
        },
      )
      return changed({ iam, scimKey: key.secret, scimUrl: scimUrl(app.config.publicUrl, id) }, event)
    },
  ),
} satisfies Service

export interface ConfiguredIam {
  readonly iam: IamRecord
  readonly scimKey: string | null
  readonly scimUrl: string | null
}

async function createIam(call: ServiceContext, given: IamInput): Promise<WriteResult<ConfiguredIam>> {
  const { db, app, now } = call
  const input = normalizeVendorConfig(given)
  const displayName = checkDisplayName(input.displayName)
  const type = checkType(input.type)
  const wished = input.id == null ? null : checkNewId(input.id)
  const defaultPermissions = checkPermissions('defaultPermissions', input.defaultPermissions ?? [])
  const checked = checkConfig(type, wished ?? '', { input: input.config ?? {}, refusal: app.outbound.refusal })
  const rules = checkGroupPermissions(wished ?? '', input.groupPermissions ?? {})
  await checkMigration(call, checked.config)
  const id = wished ?? (await idOf(call, displayName, type))
  // Users of a removed IAM of this id could return.
  assertMayGrant(call, [...defaultPermissions, ...rules.map(rule => rule.permission), ...(await permissionsHeldIn(db, id))])
  const secrets = encryptedSecrets(app.key, id, { kept: {}, checked })
  const columns = { displayName, type, config: checked.config, secrets, defaultPermissions }
  const by = nameOf(call.actor)
  if (!(await insertIam(db, id, { columns, by, now }))) throw new Conflict(`The IAM ${id} already exists`)
  await replaceGroupPermissions(db, id, { columns: rules.map(rule => ({ ...rule, iamid: id })), by, now })
  const { iam, ...scim } = await withScimKey(call, await requireIam(db, id), false)
  return changed({ iam, ...scim }, iamConfiguredEvent(iam, null, { ...auditSnapshot(iam, rules), ...keyFact(iam, scim) }))
}

async function updateIam(
  call: ServiceContext,
  { ifUpdatedAt, configPatch, ...given }: IamInput & { id: string; configPatch?: unknown; ifUpdatedAt?: Date | null },
): Promise<WriteResult<ConfiguredIam>> {
  const { db, app, now } = call
  const input = normalizeVendorConfig(given)
  const displayName = input.displayName == null ? null : checkDisplayName(input.displayName)
  const defaults = input.defaultPermissions == null ? null : checkPermissions('defaultPermissions', input.defaultPermissions)
  const rules = input.groupPermissions == null ? null : checkGroupPermissions(input.id, input.groupPermissions)
  const { iam: before, encrypted: kept } = await lockIam(db, input.id)
  assertUnchanged(`The IAM ${before.id}`, before, ifUpdatedAt)
  if (input.type != null && input.type !== before.type) throw new Invalid('type', `is ${before.type} and cannot be changed`)
  const stays: CheckedConfig = { config: before.config, secrets: new Map() }
  const config = configOf(before, { config: input.config, configPatch })
  const checked =
    config == null
      ? stays
      : checkConfig(before.type as IamType, before.id, { input: config, before, refusal: app.outbound.refusal })
  if (config != null) await checkMigration(call, checked.config)

  const rulesBefore = await groupPermissionsOf(db, [before.id])
  const powers = [
    ...(defaults ? changedPermissions(before.defaultPermissions, defaults) : []),
    ...(rules ? changedGroupPermissions(rulesBefore, rules) : []),
  ]
  assertMayGrant(call, powers)
  if (config != null && changesSource(before, checked)) assertMayGrant(call, await permissionsGrantedBy(db, before, rulesBefore))
  const next = {
    displayName: displayName ?? before.displayName,
    config: checked.config,
    secrets: encryptedSecrets(app.key, before.id, { kept, checked }),
    defaultPermissions: defaults ?? before.defaultPermissions,
  }
  const change = difference(
    auditSnapshot(before, rulesBefore),
    auditSnapshot({ ...before, ...next, secrets: fingerprints(next.secrets) }, rules ?? rulesBefore),
  )
  if (!change.changed) return unchanged<ConfiguredIam>({ iam: before, scimKey: null, scimUrl: null })
  const stamp = { by: nameOf(call.actor), now }
  await updateIamRow(db, before.id, { columns: next, ...stamp })
  if (rules) await replaceGroupPermissions(db, before.id, { columns: rules, ...stamp })
  if (powers.includes('USER_ADMIN')) await assertAdministratorRemains(db)
  const { iam, ...scim } = await withScimKey(call, await requireIam(db, before.id), scimEnabled(before))
  return changed({ iam, ...scim }, iamConfiguredEvent(iam, change.before, { ...change.after, ...keyFact(iam, scim) }))
}

async function withScimKey({ db, app, now }: ServiceContext, iam: IamRecord, before: boolean): Promise<ConfiguredIam> {
  if (before || !scimEnabled(iam) || iam.scimKeyPrefix !== null) return { iam, scimKey: null, scimUrl: null }
  const key = generateSecret('rs')
  await addScimKey(db, iam.id, { key, now, until: now })
  return { iam: await requireIam(db, iam.id), scimKey: key.secret, scimUrl: scimUrl(app.config.publicUrl, iam.id) }
}

const keyFact = ({ scimKeyPrefix }: IamRecord, { scimKey }: Pick<ConfiguredIam, 'scimKey'>) =>
  scimKey === null ? {} : { scimKeyPrefix }

const changesSource = (before: IamRecord, { config, secrets }: CheckedConfig): boolean =>
  secrets.size > 0 || JSON.stringify(sortKeys(before.config)) !== JSON.stringify(sortKeys(config))

async function checkMigration({ db }: ServiceContext, config: Record<string, unknown>): Promise<void> {
  if (typeof config.migrateFrom === 'string' && !(await isKnownIam(db, config.migrateFrom)))
    throw new Invalid('config.migrateFrom', 'must be the id of an IAM, or of a removed IAM that still has users')
}

async function idOf({ db }: ServiceContext, displayName: string, type: string): Promise<string> {
  const base = idFrom(displayName, type)
  const candidates = [base, ...Array.from({ length: 998 }, (_, index) => `${base}${index + 2}`)].filter(id => id !== 'group')
  const id = await freeIamid(db, candidates)
  if (id === null) throw new Conflict('No free id for this display name: pass `id`')
  return id
}

/** Absent stays, null removes; equal ones keep their ciphertext. */
function encryptedSecrets(
  key: Buffer,
  id: string,
  { kept, checked: { secrets } }: { kept: Readonly<Record<string, EncryptedSecrets>>; checked: CheckedConfig },
): Record<string, EncryptedSecrets> {
  const next = new Map(Object.entries(kept))
  for (const [path, secret] of secrets) {
    if (secret === null) next.delete(path)
    else {
      const fresh = encrypt(key, { iamid: id, path, secret })
      if (next.get(path)?.fingerprint !== fresh.fingerprint) next.set(path, fresh)
    }
  }
  return Object.fromEntries([...next].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const fingerprints = (secrets: Readonly<Record<string, EncryptedSecrets>>) =>
  Object.fromEntries(Object.entries(secrets).map(([path, { fingerprint }]) => [path, fingerprint]))
