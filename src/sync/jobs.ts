/**
 * Runs in the background, by pg-boss in the store's own database. A job says no more than which run to look at: what there is to do, and
 * whether somebody does it already, stands in the run. So a job that is lost, or comes twice, does no harm: once a minute one instance
 * looks for what is due by schedule, and for runs that nobody works on any more.
 */
import type { PgBoss } from 'pg-boss'
import type { App } from '../context.ts'
import { JOBS } from '../store/store.ts'
import { claimRun, deserted, letGo, release, SILENCE } from './runs.store.ts'
import { startDue } from './schedule.ts'
import { holder, work } from './working.ts'

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
/** Milliseconds between two attempts to begin while the store is away. */
const RETRY = 5_000
/** Runs of different IAMs at work at once in one process. */
const atOnce = 2

/** Begins in the background: nobody waits for it, and a store that is away is asked again. */
export function startJobs(app: App): Jobs {
  const { store, log } = app
  const warn = (error: unknown) => log.warn({ err: error }, 'a job in the background failed; it is tried again')
  let boss: PgBoss | null = null
  const workers: string[] = []
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const began = Promise.withResolvers<void>()
  began.promise.catch(() => {})

  const begin = async (): Promise<void> => {
    try {
      // Alone on its store: whoever held a run is dead.
      if (store.kind === 'embedded') await release(store.db)
      boss ??= await library(store, warn)
      await boss.start()
      await boss.createQueue(RUN, { retryLimit: 0, expireInSeconds: longest, deleteAfterSeconds: kept, retentionSeconds: kept })
      await boss.createQueue(TICK, { retryLimit: 0, deleteAfterSeconds: kept, retentionSeconds: kept })
      for (let turn = 0; turn < atOnce; turn++)
        workers.push(
          await boss.work<{ id: number }>(RUN, { pollingIntervalSeconds: polling }, async jobs => {
            for (const { data } of jobs) await carryOn(app, data.id).catch(warn)
          }),
        )
      await boss.work(TICK, { pollingIntervalSeconds: polling }, () => tick().catch(warn))
      await boss.schedule(TICK, everyMinute)
      began.resolve()
      await tick()
      // What a process left that died just before this one began is not taken for dead yet.
      timer = setTimeout(() => void tick().catch(warn), SILENCE + 1_000)
      timer.unref()
    } catch (error) {
      if (stopped) return
      warn(error)
      timer = setTimeout(() => void begin(), RETRY)
    }
  }
  const send = async (id: number): Promise<void> => {
    await began.promise
    await boss?.send(RUN, { id })
    for (const worker of workers) boss?.notifyWorker(worker)
  }
  const tick = async (): Promise<void> => {
    const now = new Date()
    await startDue(app, now)
    for (const id of await deserted(store.db, now)) await send(id)
  }
  timer = setTimeout(() => void begin(), 0)
  return {
    send: id => (stopped ? Promise.resolve() : send(id)),
    async stop() {
      stopped = true
      clearTimeout(timer)
      began.reject(new Error('Roster stops'))
      await boss?.stop({ graceful: false, close: false }).catch(() => {})
    },
  }
}

/** It takes a tenth of a second to load, which nobody waits for who asks the gateway to be ready. */
async function library(store: App['store'], warn: (error: unknown) => void): Promise<PgBoss> {
  const { PgBoss: Boss } = await import('pg-boss')
  const boss = new Boss({ db: { executeSql: (text, values) => store.statement(text, values ?? []) }, schema: JOBS })
  boss.on('error', warn)
  return boss
}

/** Works on the run if nobody else does. */
export async function carryOn(app: App, id: number): Promise<void> {
  const run = await claimRun(app.store.db, id, holder, new Date())
  if (run) await work(app, run).finally(() => letGo(app.store.db, id, holder).catch(() => {}))
}
