import type pg from 'pg'

/** disk_full; milliseconds between log lines. */
const DISK_FULL = '53100'
const QUIET = 60_000

/** Returns what is called with each refusal of a statement. */
export function isDiskFull(log: { error(message: string): void }): (error: pg.DatabaseError) => void {
  let last = Number.NEGATIVE_INFINITY
  return ({ code, message }) => {
    if (code !== DISK_FULL || performance.now() - last < QUIET) return
    last = performance.now()
    log.error(`the disk of the database is full, nothing can be written: ${message}`)
  }
}
