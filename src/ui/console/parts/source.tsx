import type { GrantFragment } from '../../../generated/ui.ts'
import { texts } from '../texts.ts'
import { useSourceName } from './sources.ts'

export type SourceKind = 'local' | 'source' | 'group' | 'defaults'

const SIGNS: Record<SourceKind, string> = { local: '✎', source: '⌂', group: '⚇', defaults: '≡' }

/** Where a value comes from: always a colour, a sign and a word. */
export function Source({ kind, children, hint }: { kind: SourceKind; children: string; hint?: string }) {
  return (
    <span className={`source source-${kind}`} title={hint ?? children}>
      <span aria-hidden="true">{SIGNS[kind]}</span> {children}
    </span>
  )
}

export function SourceOf({ source, group }: { source: string; group?: { name: string } | null }) {
  const nameOf = useSourceName()
  if (group) return <Source kind="group">{texts.source.group(group.name)}</Source>
  return <Source kind={source === 'bim' ? 'local' : 'source'}>{nameOf(source)}</Source>
}

export function GrantSource({ grant: { source, rule, group } }: { grant: GrantFragment }) {
  if (rule === null) return <SourceOf source={source} group={group} />
  if (rule.group === null) return <Source kind="defaults">{texts.source.defaults(rule.iam.displayName)}</Source>
  return <Source kind="group">{texts.source.rule(rule.group, rule.iam.displayName)}</Source>
}
