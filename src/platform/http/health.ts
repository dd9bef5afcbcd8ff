import { Unavailable } from '../errors.ts'
import type { HttpServer } from './types.ts'

/** Milliseconds after which a store that says nothing counts as away. */
const MAX_WAIT = 2_000

/**
 * `GET /health/live`: the process answers. `GET /health/ready`: the store answers too, else 503 with Retry-After.
 * Both anonymous, for a supervisor or load balancer.
 */
export function registerHealth(http: HttpServer, store: { ping(): Promise<void> }): void {
  http.route({
    method: 'GET',
    path: '/health/live',
    body: 'none',
    handler: async () => ({ status: 200, body: { status: 'ok' } }),
  })
  http.route({
    method: 'GET',
    path: '/health/ready',
    body: 'none',
    handler: async () => {
      await answers(store)
      return { status: 200, body: { status: 'ok' } }
    },
  })
}

/** Why the store is away is for the log of the store, not for an anonymous caller. */
async function answers(store: { ping(): Promise<void> }): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), MAX_WAIT)
  })
  try {
    await Promise.race([store.ping(), late])
  } catch {
    throw new Unavailable('The store does not answer', { retryAfter: 5 })
  } finally {
    clearTimeout(timer)
  }
}
