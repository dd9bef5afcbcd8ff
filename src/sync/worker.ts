/**
 * Runs in the background, by pg-boss in the store's own database. A job says no more than which run to look at: what there is to do, and
 * whether somebody does it already, stands in the run. So a job that is lost, or comes twice, does no harm: once a minute one instance
 * looks for what is due by schedule, and for runs that nobody works on any more.
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
  /** Has the run carried on, soon. */
  send(runId: number): Promise<void>
  stop(): Promise<void>
}

const RUN = 'sync-run'
const TICK = 'sync-tick'
const everyMinute = '* * * * *'
/** Seconds. A job that takes longer is taken for lost; its run goes on. */
const longest = 23 * 3600
const kept = 3600
/** Seconds between two looks for a job that another process left; one of our own is begun at once. */
const polling = 20
/** Milliseconds between two attempts to begin, the first and the longest. */
const RETRY = 5_000
const LONGEST_RETRY = 60_000
/** Milliseconds for which a fault that was told is not told again, and how many of them are remembered. */
const QUIET = 10 * 60_000
const MESSAGES = 100
/** Runs of different IAMs at work at once in one process. */
const atOnce = 2

/**
 * Begins in the background: nobody waits for it, and a store that is away is asked again. As long as the library cannot begin (its schema
 * is not there, and may not be made) this process looks for work and does it by itself.
 */
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
    // Alone on its store: whoever held a run is dead.
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
      // What a process left that died just before this one began is not taken for dead yet.
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
      // Another process need not wait until this one has been silent for long enough.
      await releaseAll(app).catch(() => {})
    },
  }
}

/** Work that this process does without the library: nobody waits for it. */
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

/** The same fault, told again and again, is one line now and then. */
function throttled({ log }: Pick<App, 'log'>): (error: unknown) => void {
  const lastTold = new Map<string, number>()
  return error => {
    const message = error instanceof Error ? error.message : String(error)
    const now = Date.now()
    if (now - (lastTold.get(message) ?? Number.NEGATIVE_INFINITY) < QUIET) return
    if (lastTold.size >= MESSAGES) lastTold.clear()
    lastTold.set(message, now)
    log.warn({ err: error }, 'a job in the background failed; it is tried again')
  }
}

/** It takes a tenth of a second to load, which nobody waits for who asks the gateway to be ready. */
async function library(store: App['store'], warn: (error: unknown) => void): Promise<PgBoss> {
  const { PgBoss: Boss } = await import('pg-boss')
  const boss = new Boss({
    db: { executeSql: (text, values) => actingAs(own('jobs'), () => store.statement(text, values ?? [])) },
    schema: JOBS,
  })
  boss.on('error', warn)
  return boss
}

/** As processRun, of a run that an earlier process left; alone on an embedded store, whoever held it is dead. */
export async function resumeRun(app: App, id: number): Promise<void> {
  if (app.store.kind === 'embedded') await releaseStale(app.store.db, new Date())
  await processRun(app, id)
}

/** Works on the run if nobody else does. */
export async function processRun(app: App, id: number): Promise<void> {
  const holder = newLeaseOwner()
  const carried = async () => {
    const run = await claimRun(app.store.db, id, holder, new Date())
    if (run) await executeRun(app, run, holder).finally(() => releaseRun(app.store.db, id, holder).catch(() => {}))
  }
  // Whoever asked for the run does not hold their share for as long as it lasts.
  await actingAs(own('sync'), carried, false)
}
