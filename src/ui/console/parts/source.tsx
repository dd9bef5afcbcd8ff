import type { GrantFragment } from '../../../generated/ui.ts'
import { texts } from '../texts.ts'

export type SourceKind = 'local' | 'source' | 'group' | 'defaults'

const SIGNS: Record<SourceKind, string> = { local: '✎', source: '⌂', group: '⚇', defaults: '≡' }

/** Where a value comes from: always a colour, a sign and a word. */
export function Source({ kind, children }: { kind: SourceKind; children: string }) {
  return (
    <span className={`source source-${kind}`}>
      <span aria-hidden="true">{SIGNS[kind]}</span> {children}
    </span>
  )
}

export function SourceOf({ source, group }: { source: string; group?: { name: string } | null }) {
  if (group) return <Source kind="group">{texts.source.group(group.name)}</Source>
  return source === 'bim' ? <Source kind="local">{texts.source.local}</Source> : <Source kind="source">{source}</Source>
}

export function GrantSource({ grant: { source, rule, group } }: { grant: GrantFragment }) {
  if (rule === null) return <SourceOf source={source} group={group} />
  if (rule.group === null) return <Source kind="defaults">{texts.source.defaults(rule.iam.displayName)}</Source>
  return <Source kind="group">{texts.source.rule(rule.group, rule.iam.displayName)}</Source>
}
