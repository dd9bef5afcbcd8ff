/** Pauses in work that takes long, so that no piece of it keeps everybody else waiting. */

/** Milliseconds that one turn of the event loop may be worked on. */
const PIECE = 10

let began: number | null = null

/** Whether the work of this turn has taken its time. */
export function isDue(): boolean {
  const now = performance.now()
  if (began === null) {
    began = now
    setImmediate(() => {
      began = null
    })
    return false
  }
  return now - began > PIECE
}

/** Lets everybody else have a turn. */
export const pause = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
