/** Milliseconds of work per turn of the event loop. */
const PIECE = 10

let began: number | null = null

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

export const pause = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
