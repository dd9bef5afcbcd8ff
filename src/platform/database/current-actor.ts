import { AsyncLocalStorage } from 'node:async_hooks'

/** The actor of the running code, and whether it holds an operation slot. */
interface CurrentActor {
  readonly actor: string
  readonly admitted: boolean
}

const storage = new AsyncLocalStorage<CurrentActor>()

/** Background work; each kind has a share. */
const OWN = 'roster:'
export const own = (kind: 'system' | 'sync' | 'jobs' | 'operator'): string => `${OWN}${kind}`
/** Callers can be answered with TooManyRequests. */
export const isCaller = (actor: string): boolean => !actor.startsWith(OWN)

export const currentActor = (): string => storage.getStore()?.actor ?? own('system')

/** A nested operation must not wait for its own slot. */
export const isAdmitted = (): boolean => storage.getStore()?.admitted ?? false

/** `admitted` is inherited when absent. */
export const actingAs = <T>(actor: string, work: () => T, admitted = isAdmitted()): T => storage.run({ actor, admitted }, work)
