import { AsyncLocalStorage } from 'node:async_hooks'

/** Caps, and systems that do not answer. */
export type Refusal =
  | 'bodies'
  | 'busy'
  | 'database'
  | 'deprovisioning'
  | 'directory'
  | 'log-in queue'
  | 'log-ins locked'
  | 'own share'
  | 'passwords'
  | 'responses'
  | 'SCIM rate'

/** What log lines and metrics say of a request. Parts are filled in while it runs. */
export interface ObservedRequest {
  readonly requestId: string
  /** Of the caller's trace (W3C Trace Context); null without one. */
  readonly traceId: string | null
  /** A name of ours, never the caller's; null: method and route. */
  operation: string | null
  actor: string | null
  /** Round trips to the database. */
  statements: number
  /** Why it is answered 429 or 503; of several the last. */
  refusal: Refusal | null
}

const storage = new AsyncLocalStorage<ObservedRequest>()

export const observedRequest = (): ObservedRequest | undefined => storage.getStore()

export const observing = <T>(request: ObservedRequest, work: () => T): T => storage.run(request, work)

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

/** Of the header `traceparent` (W3C Trace Context 3.2); null: missing or invalid. */
export const traceIdOf = (traceparent: string | string[] | undefined): string | null =>
  typeof traceparent === 'string' && traceparent.length < 256 ? (TRACEPARENT.exec(traceparent)?.[1] ?? null) : null
