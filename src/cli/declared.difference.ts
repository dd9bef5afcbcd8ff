import { isDeepStrictEqual } from 'node:util'
import { canonical } from '../platform/validation.ts'
import { isValues, joined, type Values } from './declared.document.ts'
import type { Reference } from './declared.references.ts'
import type { WantedIam } from './declared.wanted.ts'

export interface StoredIam {
  readonly iamid: string
  readonly type: string
  readonly displayName: string
  readonly defaultPermissions: readonly string[]
  readonly groupPermissions: Readonly<Record<string, readonly string[]>>
  readonly config: Values
  /** Fingerprints by path within `config`. */
  readonly secrets: Readonly<Record<string, string>>
  readonly updatedAt: string
}

/** Of a secret, neither value is known. */
export interface FieldChange {
  readonly field: string
  readonly action: 'add' | 'change' | 'remove' | 'secret'
  readonly before?: unknown
  readonly after?: unknown
}

export interface IamPlan {
  readonly iamid: string
  readonly action: 'create' | 'update' | 'delete' | 'none'
  readonly changes: readonly FieldChange[]
  /** What the server has and the file has not. */
  readonly kept: readonly { readonly field: string; readonly value?: unknown }[]
  /** Of the mutation, without secrets. */
  readonly input: Readonly<Record<string, unknown>>
  /** Those that the mutation sends. */
  readonly secrets: ReadonlyMap<string, Reference>
}

export interface PlanOptions {
  readonly prune?: true | undefined
  /** Send stored secrets again. */
  readonly secrets?: true | undefined
}

/** In the order of the file; removals last. */
export function plans(wanted: readonly WantedIam[], stored: readonly StoredIam[], options: PlanOptions): IamPlan[] {
  const existing = new Map(stored.map(iam => [iam.iamid, iam]))
  const named = new Set(wanted.map(({ iamid }) => iamid))
  return [
    ...wanted.map(iam => {
      const before = existing.get(iam.iamid)
      return before ? update(iam, before, options) : create(iam)
    }),
    ...stored.filter(({ iamid, type }) => !named.has(iamid) && type !== 'BUILT_IN').map(iam => absent(iam, options)),
  ]
}

function create({ iamid, type, displayName, defaultPermissions, groupPermissions, config, secrets }: WantedIam): IamPlan {
  const given = { type, displayName, defaultPermissions, groupPermissions, config }
  const input = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
  const { config: options, ...rest } = input
  const changes: FieldChange[] = [
    ...Object.entries(rest).map(([field, after]) => ({ field, action: 'add' as const, after })),
    ...configDifference({}, (options ?? {}) as Values).changes,
    ...[...secrets.keys()].map(path => ({ field: `config.${path}`, action: 'secret' as const })),
  ]
  return { iamid, action: 'create', changes, kept: [], input: { iamid, ...input }, secrets }
}

function absent({ iamid, displayName, updatedAt }: StoredIam, { prune }: PlanOptions): IamPlan {
  const empty = { iamid, changes: [], secrets: new Map() }
  if (prune) return { ...empty, action: 'delete', kept: [], input: { iamid, ifUpdatedAt: updatedAt } }
  return { ...empty, action: 'none', kept: [{ field: '', value: displayName }], input: {} }
}

function update(wanted: WantedIam, stored: StoredIam, options: PlanOptions): IamPlan {
  const { iamid, displayName } = wanted
  const fields: Part[] = [
    displayName === null || displayName === stored.displayName
      ? none
      : {
          changes: [{ field: 'displayName', action: 'change', before: stored.displayName, after: displayName }],
          kept: [],
          input: { displayName },
        },
    defaultsPart(wanted.defaultPermissions, stored.defaultPermissions, options),
    groupsPart(wanted.groupPermissions ?? {}, stored.groupPermissions, options),
    configPart(wanted, stored, options),
  ]
  const changes = fields.flatMap(part => part.changes)
  const input = Object.assign({ iamid, ifUpdatedAt: stored.updatedAt }, ...fields.map(part => part.input))
  return {
    iamid,
    action: changes.length === 0 ? 'none' : 'update',
    changes,
    kept: fields.flatMap(part => part.kept),
    input,
    secrets: 'configPatch' in input ? wanted.secrets : new Map(),
  }
}

type Part = Pick<IamPlan, 'changes' | 'kept' | 'input'>
const none: Part = { changes: [], kept: [], input: {} }

function defaultsPart(wanted: readonly string[] | null, before: readonly string[], { prune }: PlanOptions): Part {
  const field = 'defaultPermissions'
  if (wanted === null && !prune) return before.length === 0 ? none : { ...none, kept: [{ field, value: before }] }
  const after = wanted ?? []
  if (sameSet(before, after)) return none
  return { changes: [{ field, action: 'change', before, after }], kept: [], input: { [field]: after } }
}

type Rules = Readonly<Record<string, readonly string[]>>

function groupsPart(wanted: Rules, stored: Rules, { prune }: PlanOptions): Part {
  const spellings = new Map(Object.keys(stored).map(name => [canonical(name), name]))
  const named = new Set(Object.keys(wanted).map(canonical))
  const others = Object.entries(stored).filter(([name]) => !named.has(canonical(name)))
  const changes: FieldChange[] = Object.entries(wanted).flatMap(([name, after]) => {
    const spelling = spellings.get(canonical(name))
    const before = spelling === undefined ? [] : stored[spelling]!
    if (sameSet(before, after)) return []
    const field = joined(['groupPermissions', name])
    return [before.length === 0 ? { field, action: 'add', after } : { field, action: 'change', before, after }]
  })
  if (prune)
    changes.push(
      ...others.map(([name, before]) => ({
        field: joined(['groupPermissions', name]),
        action: 'remove' as const,
        before,
      })),
    )
  const next = Object.fromEntries([...(prune ? [] : others), ...Object.entries(wanted)])
  return {
    changes,
    kept: prune ? [] : others.map(([name, value]) => ({ field: joined(['groupPermissions', name]), value })),
    input: changes.length === 0 ? {} : { groupPermissions: next },
  }
}

function configPart({ config, secrets }: WantedIam, stored: StoredIam, { prune, secrets: again }: PlanOptions): Part {
  const { changes, kept, patch } = configDifference(stored.config, config ?? {}, { prune })
  const sent = [...secrets.keys()].filter(path => again || !Object.hasOwn(stored.secrets, path))
  const others = Object.keys(stored.secrets).filter(path => !secrets.has(path))
  const removed = prune ? others : []
  const all: FieldChange[] = [
    ...changes,
    ...sent.map(path => ({ field: `config.${path}`, action: 'secret' as const })),
    ...removed.map(path => ({ field: `config.${path}`, action: 'remove' as const })),
  ]
  return {
    changes: all,
    kept: [...kept, ...(prune ? [] : others.map(path => ({ field: `config.${path}` })))],
    input: all.length === 0 ? {} : { configPatch: removed.reduce((into, path) => withValue(into, path, null), patch) },
  }
}

interface ConfigDifference extends Pick<Part, 'changes' | 'kept'> {
  /** JSON Merge Patch (RFC 7396). */
  readonly patch: Values
}

interface Below extends Pick<PlanOptions, 'prune'> {
  readonly at?: readonly string[]
}

function configDifference(before: Values, after: Values, { prune, at = ['config'] }: Below = {}): ConfigDifference {
  const changes: FieldChange[] = []
  const kept: { field: string; value: unknown }[] = []
  const patch: [string, unknown][] = []
  for (const [name, value] of Object.entries(after)) {
    const path = [...at, name]
    const old = Object.hasOwn(before, name) ? before[name] : undefined
    if (isValues(value) && (isValues(old) || (old === undefined && Object.keys(value).length > 0))) {
      const inner = configDifference((old ?? {}) as Values, value, { prune, at: path })
      changes.push(...inner.changes)
      kept.push(...(inner.kept as typeof kept))
      if (inner.changes.length > 0) patch.push([name, inner.patch])
    } else if (!isDeepStrictEqual(old, value)) {
      const field = joined(path)
      changes.push(
        old === undefined ? { field, action: 'add', after: value } : { field, action: 'change', before: old, after: value },
      )
      patch.push([name, value])
    }
  }
  for (const [name, value] of Object.entries(before).filter(([name]) => !Object.hasOwn(after, name))) {
    const field = joined([...at, name])
    if (!prune) kept.push({ field, value })
    else {
      changes.push({ field, action: 'remove', before: value })
      patch.push([name, null])
    }
  }
  return { changes, kept, patch: Object.fromEntries(patch) }
}

/** A copy with the value at the path. */
export function withValue(values: Values, path: string, value: string | null): Values {
  const [step, ...rest] = path.split('.')
  if (rest.length === 0) return { ...values, [step!]: value }
  const inner = values[step!]
  return inner === null ? values : { ...values, [step!]: withValue(isValues(inner) ? inner : {}, rest.join('.'), value) }
}

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  isDeepStrictEqual([...new Set(one)].sort(), [...new Set(other)].sort())
