import { channel } from 'node:diagnostics_channel'
import type { Logger } from 'pino'

/** Milliseconds until exit is forced; requests end within 13 s. */
const SHUTDOWN = 20_000
/** Milliseconds. npm passes on what the terminal sends to both. */
const REPEATED = 500

/** Publishes an empty list of promises, before the process exits. It waits for those that are added. */
export const stopped = channel('roster:stopped')

export interface Stoppable {
  readonly log: Logger
  /** Seconds in which requests are still taken; SIGINT is from a terminal, and skips them. */
  readonly drain: number
  stop(options: { drain: number }): Promise<void>
  /** Ends the process with exit code 1. */
  fail(message: string): void
}

/** SIGTERM and SIGINT stop the process; a second one ends it at once. */
export function stopOnSignals({ log, drain: seconds, stop, fail }: Stoppable): void {
  let begun: number | null = null
  const onSignal = (signal: NodeJS.Signals) => {
    if (begun !== null && performance.now() - begun < REPEATED) return
    if (begun !== null) return fail(`Roster was stopped by a second ${signal}: what was unfinished is lost`)
    begun = performance.now()
    const drain = signal === 'SIGTERM' ? seconds : 0
    log.info({ drainSeconds: drain }, `stopping on ${signal}`)
    const longest = SHUTDOWN + drain * 1000
    // A hanging statement would keep the process alive.
    setTimeout(() => fail(`Roster did not stop within ${longest} ms of ${signal}: leaving what is unfinished`), longest).unref()
    stop({ drain }).then(
      async () => {
        const waits: Promise<unknown>[] = []
        stopped.publish(waits)
        await Promise.allSettled(waits)
        log.info('stopped')
        process.exit(0)
      },
      error => fail(String(error)),
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
}
