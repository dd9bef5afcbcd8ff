import { Unavailable } from '../errors.ts'
import type { HttpServer } from './types.ts'

/** Milliseconds. */
const MAX_WAIT = 2_000

/** `/health/live`: the process. `/health/ready`: also the database, else 503. Anonymous. */
export function registerHealth(http: HttpServer, store: { ping(): Promise<void>; isStopping?(): boolean }): void {
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
      if (store.isStopping?.()) throw new Unavailable('Roster is stopping', { retryAfter: 1 })
      await answers(store)
      return { status: 200, body: { status: 'ok' } }
    },
  })
}

async function answers(store: { ping(): Promise<void> }): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), MAX_WAIT)
  })
  try {
    await Promise.race([store.ping(), late])
  } catch {
    throw new Unavailable('The database does not respond', { retryAfter: 5, reason: 'database' })
  } finally {
    clearTimeout(timer)
  }
}
