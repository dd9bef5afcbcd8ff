// What a run starts or makes is ended in reverse order at its end, also after a signal.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

type Undo = () => unknown
const undos: Undo[] = []
let ending: Promise<void> | undefined

export const atEnd = (undo: Undo): void => void undos.push(undo)

export async function run(main: () => Promise<void>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end().finally(() => process.exit(130)))
  try {
    await main()
  } catch (error) {
    if (ending === undefined) console.error(error)
    process.exitCode = 1
  }
  await end()
}

const end = (): Promise<void> => (ending ??= undoAll())

async function undoAll(): Promise<void> {
  for (const undo of undos.reverse()) await Promise.resolve(undo()).catch(error => console.error(error))
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'roster-bench-'))
  atEnd(async () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const say = (text: string): void => void process.stdout.write(`${text}\n`)
/** Says what begins, with the seconds since the start. */
export const step = (text: string): void => say(`${Math.round(performance.now() / 1000)} s: ${text}`)
export const count = (name: string, usual: number): number => Number(process.env[name] ?? usual)
export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
