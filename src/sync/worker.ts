/**
 * Jobs only name a run: lost and repeated ones do no harm.
 * Polls each minute for scheduled and abandoned runs.
 */
import type { PgBoss } from 'pg-boss'
import type { App } from '../authorization/context.ts'
import { actingAs, own } from '../platform/database/current-actor.ts'
import { JOBS } from '../platform/database/store.ts'
import { Semaphore } from '../platform/semaphore.ts'
import { executeRun, newLeaseOwner, releaseAll } from './run-executor.ts'
import { abandonedRuns, claimRun, releaseRun, releaseStale, SILENCE } from './runs.store.ts'
import { startDue } from './schedule.ts'

export interface Jobs {
  send(runId: number): Promise<void>
  stop(): Promise<void>
}

const RUN = 'sync-run'
const TICK = 'sync-tick'
const everyMinute = '* * * * *'
/** Seconds until a job counts as lost. */
const longest = 23 * 3600
const kept = 3600
/** Seconds between polls for other processes' jobs. */
const polling = 20
/** Milliseconds between attempts to start: first and longest. */
const RETRY = 5_000
const LONGEST_RETRY = 60_000
/** Milliseconds without repeating a warning; remembered warnings. */
const QUIET = 10 * 60_000
const MESSAGES = 100
const atOnce = 2

/** Retries. Without the library, this process works by itself. */
export function startJobs(app: App): Jobs {
  const { store } = app
  const warn = throttled(app)
  let boss: PgBoss | null = null
  const startedAt = new Date()
  const begun = { released: store.kind !== 'embedded', ticking: false, all: false }
  const workers: string[] = []
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let wait = RETRY

  const begin = async (): Promise<void> => {
    // Alone on its database: earlier leases are stale.
    if (!begun.released) await releaseStale(store.db, startedAt)
    begun.released = true
    boss ??= await library(store, warn)
    await boss.start()
    await boss.createQueue(RUN, { retryLimit: 0, expireInSeconds: longest, deleteAfterSeconds: kept, retentionSeconds: kept })
    await boss.createQueue(TICK, { retryLimit: 0, deleteAfterSeconds: kept, retentionSeconds: kept })
    while (workers.length < atOnce)
      workers.push(
        await boss.work<{ id: number }>(RUN, { pollingIntervalSeconds: polling }, async jobs => {
          for (const { data } of jobs) await processRun(app, data.id).catch(warn)
        }),
      )
    if (!begun.ticking) await boss.work(TICK, { pollingIntervalSeconds: polling }, () => tick().catch(warn))
    begun.ticking = true
    await boss.schedule(TICK, everyMinute)
    begun.all = true
  }
  const attempt = async (): Promise<void> => {
    await begin().catch(error => stopped || warn(error))
    if (stopped) return
    await tick().catch(warn)
    if (begun.all) {
      // Waits for leases of a process that died just before.
      timer = setTimeout(() => void tick().catch(warn), SILENCE + 1_000)
      timer.unref()
      return
    }
    timer = setTimeout(() => void attempt(), wait)
    wait = Math.min(2 * wait, LONGEST_RETRY)
  }
  const alone = localQueue(app, warn)
  const send = async (id: number): Promise<void> => {
    if (stopped) return
    if (!begun.all) return alone(id)
    await boss?.send(RUN, { id })
    for (const worker of workers) boss?.notifyWorker(worker)
  }
  const tick = async (): Promise<void> => {
    await startDue(app, new Date())
    for (const id of await abandonedRuns(store.db)) await send(id)
  }
  timer = setTimeout(() => void attempt(), 0)
  return {
    send,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await boss?.stop({ graceful: false, close: false }).catch(() => {})
      await releaseAll(app).catch(() => {})
    },
  }
}

function localQueue(app: App, warn: (error: unknown) => void): (id: number) => void {
  const semaphore = new Semaphore(atOnce)
  const here = new Set<number>()
  return id => {
    if (here.has(id)) return
    here.add(id)
    void semaphore
      .run(() => processRun(app, id))
      .catch(warn)
      .finally(() => here.delete(id))
  }
}

function throttled({ log }: Pick<App, 'log'>): (error: unknown) => void {
  const lastLogged = new Map<string, number>()
  return error => {
    const message = error instanceof Error ? error.message : String(error)
    const now = Date.now()
    if (now - (lastLogged.get(message) ?? Number.NEGATIVE_INFINITY) < QUIET) return
    if (lastLogged.size >= MESSAGES) lastLogged.clear()
    lastLogged.set(message, now)
    log.warn({ err: error }, 'a job in the background failed; it is tried again')
  }
}

/** Loaded late: it takes 100 ms. */
async function library(store: App['store'], warn: (error: unknown) => void): Promise<PgBoss> {
  const { PgBoss: Boss } = await import('pg-boss')
  const boss = new Boss({
    db: { executeSql: (text, values) => actingAs(own('jobs'), () => store.statement(text, values ?? [])) },
    schema: JOBS,
  })
  boss.on('error', warn)
  return boss
}

export async function resumeRun(app: App, id: number): Promise<void> {
  if (app.store.kind === 'embedded') await releaseStale(app.store.db, new Date())
  await processRun(app, id)
}

export async function processRun(app: App, id: number): Promise<void> {
  const holder = newLeaseOwner()
  const carried = async () => {
    const run = await claimRun(app.store.db, id, { holder, now: new Date() })
    if (run) await executeRun(app, run, { holder }).finally(() => releaseRun(app.store.db, id, holder).catch(() => {}))
  }
  // Not with the requester's share.
  await actingAs(own('sync'), carried, false)
}
