import { Button } from 'react-aria-components'
import { AuditLogPersonDocument } from '../../../../generated/ui.ts'
import { useOperation } from '../../operations/hooks.ts'
import { useSourceName } from '../../parts/sources.ts'
import { eventName } from '../../texts.audit.ts'
import { logTexts as words } from '../../texts.audit-log.ts'
import { type LogView, NO_FILTER } from './audit-view.ts'
import type { Change } from './filters.tsx'

interface LogChipsProps {
  readonly view: LogView
  /** The name of `who`, once it is known. */
  readonly actor: string | null
  readonly onChange: Change
}

export function LogChips({ view, actor, onChange }: LogChipsProps) {
  const target = useTargetName(view.target)
  const chips = chipsOf(view, { actor, target })
  if (chips.length === 0) return null
  return (
    <ul className="chips" aria-label={words.chips}>
      {chips.map(({ text, without }) => (
        <li key={text}>
          <Button className="chip" aria-label={words.removeChip(text)} onPress={() => onChange(without)}>
            {text} <span aria-hidden="true">×</span>
          </Button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <Button className="button quiet small" onPress={() => onChange(NO_FILTER)}>
            {words.clear}
          </Button>
        </li>
      )}
    </ul>
  )
}

function useTargetName(target: LogView['target']): string {
  const sourceName = useSourceName()
  const isUser = target?.type === 'user' && /^[1-9]\d{0,8}$/.test(target.id)
  const { data, isPlaceholderData } = useOperation(
    AuditLogPersonDocument,
    { databaseId: isUser ? Number(target.id) : 0 },
    { enabled: isUser },
  )
  if (target === null) return ''
  const found = isUser && !isPlaceholderData ? data?.data.user?.profile.name : undefined
  return target.type === 'iam' ? sourceName(target.id) : (found ?? words.targetName(target.type, target.id))
}

function chipsOf(view: LogView, { actor, target }: { actor: string | null; target: string }) {
  const { filters } = words
  const chips: { text: string; without: Partial<LogView> }[] = view.event.map(name => ({
    text: `${filters.event}: ${eventName(name)}`,
    without: { event: view.event.filter(other => other !== name) },
  }))
  if (view.outcome) chips.push({ text: `${filters.outcome}: ${words.outcomes[view.outcome]}`, without: { outcome: null } })
  if (view.who !== null) chips.push({ text: `${filters.who}: ${actor ?? view.who}`, without: { who: null } })
  if (view.target) chips.push({ text: `${filters.target}: ${target}`, without: { target: null } })
  if (view.from !== null || view.to !== null)
    chips.push({ text: `${filters.time}: ${words.span(view.from, view.to)}`, without: { from: null, to: null } })
  return chips
}
