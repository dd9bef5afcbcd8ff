// A plan in words: how many people gain and lose what.
import type { PlannedFragment as Planned } from '../../../generated/ui.ts'
import { changesTexts as words } from '../texts.changes.ts'
import { fieldChanges } from './change-words.ts'

export interface Fact {
  readonly kind: 'added' | 'removed'
  readonly text: string
}

/** Equal changes of several people are one line. */
export function factsOf(changes: readonly Planned[]): Fact[] {
  const people = new Map<string, { fact: (n: number) => Fact; count: number }>()
  for (const change of changes)
    for (const { key, count, fact } of partsOf(change)) {
      const sum = (people.get(key)?.count ?? 0) + count
      people.set(key, { fact, count: sum })
    }
  return [...people.values()].map(({ fact, count }) => fact(count))
}

interface Part {
  readonly key: string
  readonly count: number
  readonly fact: (n: number) => Fact
}

function partsOf({ event, targetName, before, after }: Planned): Part[] {
  const name = targetName ?? ''
  const part = (kind: Fact['kind'], count: number, text: (n: number) => string): Part[] => [
    { key: `${event} ${kind} ${text(0)}`, count, fact: n => ({ kind, text: text(n) }) },
  ]
  switch (event) {
    case 'groupUserAdded':
      return part('added', membersIn(after), n => words.join(n, withoutSource(name)))
    case 'groupUserDeleted':
      return part('removed', membersIn(before), n => words.leave(n, withoutSource(name)))
    case 'userDisabled':
      return part('removed', 1, words.disabled)
    case 'userEnabled':
      return part('added', 1, words.enabled)
    case 'tokenRevoked':
      return part('removed', 1, words.signedOut)
  }
  return fieldChanges(before, after).flatMap(({ field, removed, added }) => [
    ...removed.flatMap(value => part('removed', 1, n => words.lose(n, field, value))),
    ...added.flatMap(value => part('added', 1, n => words.gain(n, field, value))),
  ])
}

const membersIn = (facts: unknown): number => ((facts ?? {}) as { members?: readonly unknown[] }).members?.length ?? 0

const withoutSource = (name: string): string => name.slice(name.indexOf('/') + 1)
