// The operations that the open page has sent, for "Show as GraphQL".
import { useEffect, useSyncExternalStore } from 'react'
import { nameOf, type Operation } from './request.ts'

export interface ShownOperation {
  readonly name: string
  readonly query: string
  readonly variables: unknown
}

let shown: readonly ShownOperation[] = []
const listeners = new Set<() => void>()

function change(next: readonly ShownOperation[]): void {
  shown = next
  for (const listener of listeners) listener()
}

export function useShown<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): void {
  const query = operation.toString().trim()
  const text = JSON.stringify(variables)
  useEffect(() => {
    const one = { name: nameOf({ toString: () => query }), query, variables: JSON.parse(text) as unknown }
    change([...shown.filter(({ name }) => name !== one.name), one])
    return () => change(shown.filter(other => other !== one))
  }, [query, text])
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const useShownOperations = (): readonly ShownOperation[] => useSyncExternalStore(subscribe, () => shown)
