import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { atEnd, pause } from './run.ts'

const READY_MS = 60_000
const STOP_MS = 25_000

/** A path of this repository. */
export const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

/** As `npm start` has it. */
const FLAGS = ['--max-old-space-size=1024', '--max-semi-space-size=8', '--import', path('bench/lib/delay.ts')]

/** In a process group of its own: a Ctrl-C reaches the run, which ends its processes in order. */
export function startNode(file: string, env: Record<string, string> = {}, args: readonly string[] = []): ChildProcess {
  const flags = [...FLAGS, ...(process.env.NODE_FLAGS?.split(' ') ?? [])]
  const child = spawn(process.execPath, [...flags, file, ...args], {
    env: { ...process.env, NODE_ENV: 'production', NODE_COMPILE_CACHE: path('node_modules/.cache/node'), ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  })
  atEnd(() => stop(child))
  return child
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exit
  clearTimeout(forced)
}

/** The first line that a process prints. */
export async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`))),
  ])
  return String(line).trim()
}

/** Waits until an address answers; throws when its process ends. */
export async function ready(child: ChildProcess, url: string): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await pause(10)) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.at(-1)} ended with ${child.exitCode}`)
    const isUp = await fetch(url).then(
      ({ status }) => status < 500,
      () => false,
    )
    if (isUp) return
  }
  throw new Error(`${url} does not answer`)
}

/** Milliseconds since the call before: the longest synchronous piece, and the 99th percentile of the event-loop delay. */
export async function eventLoopDelay(child: ChildProcess): Promise<{ longest: number; p99: number }> {
  child.send('delay')
  const [delay] = await once(child, 'message')
  return delay
}
