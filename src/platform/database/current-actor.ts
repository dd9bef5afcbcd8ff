import { AsyncLocalStorage } from 'node:async_hooks'

/** On whose behalf the running code works, and whether it holds a place among the running operations. */
interface CurrentActor {
  readonly actor: string
  readonly admitted: boolean
}

const storage = new AsyncLocalStorage<CurrentActor>()

/** Work of Roster's own, each kind with a share like any actor; what no caller asks for begins with the same word. */
const OWN = 'roster:'
export const own = (kind: 'system' | 'sync' | 'jobs' | 'operator'): string => `${OWN}${kind}`
/** Whether somebody outside asks, and can be answered that too much was asked for. */
export const isCaller = (actor: string): boolean => !actor.startsWith(OWN)

/** The actor whose share of the connections the running code uses. */
export const currentActor = (): string => storage.getStore()?.actor ?? own('system')

/** Whether the running code is part of an operation that holds a place already: asking for another could wait for itself. */
export const isAdmitted = (): boolean => storage.getStore()?.admitted ?? false

/** Runs `work` with the share of `actor`. `admitted` stays as it is where absent. */
export const actingAs = <T>(actor: string, work: () => T, admitted = isAdmitted()): T => storage.run({ actor, admitted }, work)
