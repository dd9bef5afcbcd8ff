import { iamTypes } from './describe.ts'
import type { IamType } from './schema.ts'

const MAX_LENGTH = 40
const BESIDE = ['displayName', 'defaultPermissions', 'permissions']

export function suggestion(type: IamType, steps: readonly string[]): string | null {
  const name = steps.at(-1) ?? ''
  if (name.length > MAX_LENGTH) return null
  const parent = steps
    .slice(0, -1)
    .map(step => (/^\d+$/.test(step) ? '[]' : `.${step}`))
    .join('')
    .slice(1)
  const options = iamTypes.find(known => known.type === type)!.options
  const here = options.filter(({ path, name }) => path === (parent === '' ? name : `${parent}.${name}`))
  const close = closest(name, [...here.map(option => option.name), ...(parent === '' ? BESIDE : [])])
  if (close !== null) return `did you mean ${close}?`
  const elsewhere = options.find(option => option.name.toLowerCase() === name.toLowerCase())
  return elsewhere ? `it belongs at config.${elsewhere.path}` : null
}

function closest(name: string, candidates: readonly string[]): string | null {
  const limit = Math.max(1, Math.min(3, Math.floor(name.length / 3)))
  const word = name.toLowerCase()
  let best: { candidate: string; edits: number } | null = null
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) > limit) continue
    const edits = distance(word, candidate.toLowerCase())
    if (edits <= limit && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) best = { candidate, edits }
  }
  return best?.candidate ?? null
}

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
