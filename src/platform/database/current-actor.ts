import { AsyncLocalStorage } from 'node:async_hooks'

interface CurrentActor {
  readonly actor: string
  readonly admitted: boolean
}

const storage = new AsyncLocalStorage<CurrentActor>()

const OWN = 'roster:'
export const own = (kind: 'system' | 'sync' | 'jobs' | 'operator'): string => `${OWN}${kind}`
export const isCaller = (actor: string): boolean => !actor.startsWith(OWN)

export const currentActor = (): string => storage.getStore()?.actor ?? own('system')

/** A nested operation must not wait for its own slot. */
export const isAdmitted = (): boolean => storage.getStore()?.admitted ?? false

export const actingAs = <T>(actor: string, work: () => T, admitted = isAdmitted()): T => storage.run({ actor, admitted }, work)
