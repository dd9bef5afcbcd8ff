// Dry runs of writes, and the writes themselves: a few at a time.
import { RequestError } from './request.ts'
import type { Planned, Write } from './writes.ts'

export interface Plan {
  /** Those that change something. */
  readonly ready: readonly { readonly write: Write; readonly changes: readonly Planned[] }[]
  readonly unchanged: number
  readonly refused: readonly { readonly label: string; readonly message: string }[]
  readonly warnings: readonly string[]
}

const AT_ONCE = 4

async function eachOf<Item, Done>(items: readonly Item[], act: (item: Item) => Promise<Done>): Promise<Done[]> {
  const done: Done[] = []
  const left = items.entries()
  const worker = async () => {
    for (const [at, item] of left) done[at] = await act(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return done
}

/** What the server refuses is part of the plan; other failures are thrown. */
export async function planOf(writes: readonly Write[]): Promise<Plan> {
  const plans = await eachOf(writes, planOne)
  return {
    ready: plans.flatMap(({ ready }) => ready),
    unchanged: plans.reduce((sum, { unchanged }) => sum + unchanged, 0),
    refused: plans.flatMap(({ refused }) => refused),
    warnings: [...new Set(plans.flatMap(({ warnings }) => warnings))],
  }
}

const REFUSALS = new Set(['BAD_USER_INPUT', 'CONFLICT', 'FORBIDDEN', 'NOT_FOUND'])

async function planOne(write: Write): Promise<Plan> {
  try {
    const { changes, warnings } = await write.send(true)
    const isReady = changes.length > 0
    return { ready: isReady ? [{ write, changes }] : [], unchanged: isReady ? 0 : 1, refused: [], warnings }
  } catch (error) {
    if (!(error instanceof RequestError) || !REFUSALS.has(error.code)) throw error
    if (write.split) return planOf(write.split())
    return { ready: [], unchanged: 0, refused: [{ label: write.label, message: error.message }], warnings: [] }
  }
}

export interface Applied {
  readonly done: number
  readonly failed: Plan['refused']
  /** Last ones first. */
  readonly undo: readonly Write[]
}

export async function apply({ ready }: Plan): Promise<Applied> {
  const results = await eachOf(ready, async ({ write, changes }) => {
    try {
      await write.send(false)
      return { undo: write.inverse(changes), failed: null }
    } catch (error) {
      return { undo: [], failed: { label: write.label, message: error instanceof Error ? error.message : String(error) } }
    }
  })
  const failed = results.flatMap(result => result.failed ?? [])
  return { done: results.length - failed.length, failed, undo: results.toReversed().flatMap(({ undo }) => undo) }
}
