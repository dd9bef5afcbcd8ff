/** Candidates must be what the caller may see. */
export const didYouMean = (name: string, candidates: readonly string[]): string => {
  const close = closest(name, candidates)
  return close === null ? '' : `: did you mean ${close}?`
}

/** Longer names are compared with nothing. */
const MAX_LENGTH = 64

export function closest(name: string, candidates: readonly string[]): string | null {
  let best: { candidate: string; edits: number } | null = null
  for (const candidate of candidates) {
    const edits = editsTo(name, candidate)
    if (edits !== null && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { candidate, edits }
  }
  return best?.candidate ?? null
}

/** Without case; null for more than one edit per three characters. */
export function editsTo(name: string, candidate: string): number | null {
  if (name.length > MAX_LENGTH) return null
  const limit = Math.max(1, Math.min(3, Math.floor(name.length / 3)))
  if (Math.abs(candidate.length - name.length) > limit) return null
  const edits = distance(name.toLowerCase(), candidate.toLowerCase())
  return edits <= limit ? edits : null
}

/** Optimal string alignment. */
function distance(one: string, other: string): number {
  let [before, last] = [[] as number[], Array.from({ length: other.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= one.length; row++) {
    const now = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      now[column] = Math.min(last[column]! + 1, now[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1))
      if (swapped) now[column] = Math.min(now[column]!, before[column - 2]! + 1)
    }
    ;[before, last] = [last, now]
  }
  return last[other.length]!
}
