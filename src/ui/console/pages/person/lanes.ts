// The ways from a person to their permissions: each grant is one lane.
import type { GrantFragment } from '../../../../generated/ui.ts'

export type NodeKind = 'person' | 'source' | 'group' | 'rule' | 'permission' | 'more'
export interface LaneNode {
  readonly kind: NodeKind
  /** Equal nodes of neighbouring lanes are drawn once. */
  readonly key: string
  readonly label: string
  /** Where the label is not all. */
  readonly hint?: string
  /** `bim`, an IAM or `IAM defaults`; colours the lane. */
  readonly source: string
  readonly group?: { readonly name: string; readonly iamid: string }
  readonly iamid?: string
}
export interface Lane {
  /** Person, source, group, rule, permission; null is passed by. */
  readonly nodes: readonly (LaneNode | null)[]
  readonly permission: string | null
  readonly since: string | null
  readonly grantedBy: string | null
}

export interface LaneWords {
  readonly sourceName: (source: string) => string
  readonly rule: (iam: string) => string
  readonly ruleLong: (group: string, iam: string) => string
  readonly defaults: (iam: string) => string
  readonly more: (n: number) => string
}

export interface Holder {
  readonly name: string
  readonly grants: readonly GrantFragment[]
  /** The sources of the membership in a group; undefined where they are hidden. */
  readonly sourcesOf: (groupId: string) => readonly string[] | undefined
}

export const MOST_LANES = 8
const LOCAL = 'bim'

/** Local ones first, then by source, group and permission. */
export function lanesOf({ name, grants, sourcesOf }: Holder, words: LaneWords): Lane[] {
  const person: LaneNode = { kind: 'person', key: 'person', label: name, source: LOCAL }
  const lanes = grants.flatMap(grant =>
    waysTo(grant, sourcesOf).map((source): Lane => {
      const base = { source }
      const from: LaneNode = { ...base, kind: 'source', key: source, label: words.sourceName(source), iamid: source }
      const { group, rule, permission } = grant
      const through: LaneNode | null = group && { ...base, kind: 'group', key: `${source} ${group.id}`, label: group.name, group }
      return {
        nodes: [
          person,
          from,
          through,
          ruleOf(grant, base, words),
          { ...base, kind: 'permission', key: permission, label: permission },
        ],
        permission,
        since: grant.since,
        grantedBy: rule === null ? grant.grantedBy : null,
      }
    }),
  )
  return lanes.toSorted((a, b) => compare(orderOf(a), orderOf(b)))
}

function waysTo({ source, rule, group }: GrantFragment, sourcesOf: Holder['sourcesOf']): readonly string[] {
  if (group) return sourcesOf(group.id) ?? [source]
  return [rule ? rule.iam.iamid : source]
}

function ruleOf({ rule, group }: GrantFragment, base: { source: string }, words: LaneWords): LaneNode | null {
  if (rule === null) return null
  const { displayName, iamid } = rule.iam
  const key = `${base.source} ${group?.id} ${iamid}`
  const node = { ...base, kind: 'rule', key, iamid } as const
  if (rule.group === null) return { ...node, label: words.defaults(displayName) }
  return { ...node, label: words.rule(displayName), hint: words.ruleLong(rule.group, displayName), ...(group && { group }) }
}

const orderOf = ({ nodes }: Lane): string[] => {
  const [, source, group, rule, permission] = nodes
  const isDirect = group === null && rule === null
  return [
    source?.source === LOCAL ? '0' : '1',
    source?.label ?? '',
    isDirect ? '0' : '1',
    group?.label ?? '',
    rule?.label ?? '',
    permission?.label ?? '',
  ]
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [at, part] of a.entries()) {
    const order = part.localeCompare(b[at] ?? '', 'en')
    if (order !== 0) return order
  }
  return 0
}

/** At most `most` lanes: of each source the first ones, and how many there are besides. */
export function shortened(lanes: readonly Lane[], { more }: Pick<LaneWords, 'more'>, most = MOST_LANES): Lane[] {
  if (lanes.length <= most) return [...lanes]
  const groups = [...Map.groupBy(lanes, ({ nodes }) => nodes[1]!.key).values()].slice(0, most)
  const lengthWith = (few: number) => groups.reduce((sum, group) => sum + Math.min(group.length, few + 1), 0)
  let few = 0
  while (few < most && lengthWith(few + 1) <= most) few++
  return groups.flatMap(group => {
    if (group.length <= few + 1) return group
    const rest = group.length - few
    const [person = null, source = null] = group[0]!.nodes
    const end: LaneNode = { kind: 'more', key: `more ${source?.key}`, label: more(rest), source: source?.source ?? LOCAL }
    return [...group.slice(0, few), { nodes: [person, source, null, null, end], permission: null, since: null, grantedBy: null }]
  })
}

/** The permissions that a group gives: those that go with it, and those that stay. */
export function withoutGroup(grants: readonly GrantFragment[], groupId: string): { lost: string[]; kept: string[] } {
  const given = [...new Set(grants.filter(({ group }) => group?.id === groupId).map(({ permission }) => permission))]
  const stays = (name: string) => grants.some(({ permission, group }) => permission === name && group?.id !== groupId)
  return { lost: given.filter(name => !stays(name)), kept: given.filter(stays) }
}
