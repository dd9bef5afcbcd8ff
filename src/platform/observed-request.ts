import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'

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
  /** The caller's span (W3C Trace Context); null without one. */
  readonly parent: TraceParent | null
  /** Of the parent, or of the span of this request; null without both. */
  traceId: string | null
  /** A name of ours, never the caller's; null: method and route. */
  operation: string | null
  actor: string | null
  /** Round trips to the database. */
  statements: number
  /** Why it is answered 429 or 503; of several the last. */
  refusal: Refusal | null
}

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  /** Flags; bit 0: sampled. */
  readonly flags: number
}

/** Publishes each ObservedRequest when it begins. */
export const requestBegins = channel('roster:request')

const storage = new AsyncLocalStorage<ObservedRequest>()

export const observedRequest = (): ObservedRequest | undefined => storage.getStore()

export function observing<T>(request: ObservedRequest, work: () => T): T {
  requestBegins.publish(request)
  return storage.run(request, work)
}

export function observedOf(requestId: string, traceparent: string | string[] | undefined): ObservedRequest {
  const parent = traceParentOf(traceparent)
  const traceId = parent?.traceId ?? null
  return { requestId, parent, traceId, operation: null, actor: null, statements: 0, refusal: null }
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

/** Of the header `traceparent` (W3C Trace Context 3.2); null: missing or invalid. */
function traceParentOf(traceparent: string | string[] | undefined): TraceParent | null {
  const found = typeof traceparent === 'string' && traceparent.length < 256 ? TRACEPARENT.exec(traceparent) : null
  if (found === null) return null
  const [, traceId, spanId, flags] = found
  return { traceId: traceId!, spanId: spanId!, flags: Number.parseInt(flags!, 16) }
}
