/**
 * Lets few large answers be made at a time; the rest wait in the order they came. An answer of ten thousand rows takes tens of
 * megabytes while it is made, and twenty at once would take the process down.
 */
export interface Turnstile {
  /** Resolves, when it is this one's turn, with the way to leave. */
  enter(): Promise<() => void>
  /** Enters, works, leaves. */
  pass<T>(work: () => Promise<T>): Promise<T>
}

/** Large answers that may be made at one time. */
const ABREAST = 2

export function createTurnstile(abreast = ABREAST): Turnstile {
  let inside = 0
  const waiting: (() => void)[] = []
  const enter = async () => {
    if (inside < abreast) inside++
    else await new Promise<void>(resolve => waiting.push(resolve))
    let left = false
    return () => {
      if (left) return
      left = true
      const next = waiting.shift()
      // The place goes from hand to hand, so that nobody slips in between.
      if (next) next()
      else inside--
    }
  }
  return {
    enter,
    async pass(work) {
      const leave = await enter()
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
