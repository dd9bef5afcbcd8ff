import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { compiled } from '../harness/compiled.ts'

export const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** Runs the command line in a process of its own, with only these settings. */
export async function cli(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...args], { env: { ...compiled, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>(resolve => child.once('close', resolve))
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  return { stdout, stderr, exitCode }
}
