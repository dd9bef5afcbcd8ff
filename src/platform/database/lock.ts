import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Lock {
  release(): void
}

/** `boot`, `space` and `started` tell processes of the same number apart. */
interface Holder {
  token: string
  pid: number
  host: string
  boot: string | null
  space: string | null
  started: string | null
}

/** Milliseconds; silent for three means dead. */
const HEARTBEAT_MS = 5_000

/**
 * An abstract socket excludes on this machine, a heartbeat
 * across machines. Throws with directory and process when held.
 */
export async function lockDirectory(directory: string, lost: () => void, every = HEARTBEAT_MS): Promise<Lock> {
  const path = realpathSync(directory)
  const file = join(path, 'roster.lock')
  const socket = await listen(path, () => refusal(directory, read(file)))
  try {
    const me = self()
    await claim(directory, { file, me, every })
    const beat = setInterval(() => (keepAlive(file, me) ? undefined : lost()), every)
    beat.unref()
    return {
      release: () => {
        clearInterval(beat)
        if (read(file)?.token === me.token) rmSync(file, { force: true })
        socket?.close()
      },
    }
  } catch (error) {
    socket?.close()
    throw error
  }
}

/** null when unsupported. Named by device and inode, beyond links. */
async function listen(path: string, taken: () => Error): Promise<Server | null> {
  if (process.platform !== 'linux') return null
  const { dev, ino } = statSync(path, { bigint: true })
  const name = `\0roster-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 32)}`
  const server = createServer(visitor => visitor.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? reject(taken()) : resolve(null)))
    server.listen({ path: name }, () => resolve(server.unref()))
  })
}

async function claim(directory: string, { file, me, every }: { file: string; me: Holder; every: number }): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (write(file, me)) return
    const holder = read(file)
    if (await alive(file, { holder, me, every })) throw refusal(directory, holder)
    removeStale(file, holder)
  }
  throw refusal(directory, read(file))
}

async function alive(
  file: string,
  { holder, me, every }: { holder: Holder | null; me: Holder; every: number },
): Promise<boolean> {
  if (holder?.boot && holder.boot === me.boot && holder.space === me.space)
    return holder.started !== null && holder.started === startOf(holder.pid)
  if (holder && !holder.boot && holder.host === me.host && !exists(holder.pid)) return false
  // Another machine: compares the heartbeat with itself, without a common clock.
  const before = touched(file)
  for (let waited = 0; waited < 26; waited++) {
    await pause(every / 8)
    if (touched(file) !== before) return touched(file) !== null
  }
  return false
}

/** Renaming lets one successor win. */
function removeStale(file: string, dead: Holder | null): void {
  const grave = `${file}.${randomUUID()}`
  try {
    renameSync(file, grave)
  } catch {
    return
  }
  const moved = read(grave)
  // Another process was faster: restores its file.
  if (moved && moved.token !== dead?.token) renameSync(grave, file)
  else rmSync(grave, { force: true })
}

function refusal(directory: string, holder: Holder | null): Error {
  const who = holder ? `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}` : 'another process'
  return new Error(
    `The data directory ${directory} is in use by ${who}. Stop it first, or set DATA_DIR to another directory (two processes on one store would lose data)`,
  )
}

/** False when taken over. Rewrites a deleted file. */
function keepAlive(file: string, me: Holder): boolean {
  const now = new Date()
  try {
    if ((JSON.parse(readFileSync(file, 'utf8')) as Holder).token !== me.token) return false
    utimesSync(file, now, now)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(dirname(file)) || write(file, me)
  }
}

function write(file: string, me: Holder): boolean {
  try {
    writeFileSync(file, `${JSON.stringify(me)}\n`, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

function touched(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? null
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function self(): Holder {
  return {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    boot: bootId(),
    space: space(),
    started: startOf(process.pid),
  }
}
function bootId(): string | null {
  return proc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
}
function space(): string | null {
  return proc(() => readlinkSync('/proc/self/ns/pid'))
}
/** proc(5), stat field 22; the second field may contain blanks. */
function startOf(pid: number): string | null {
  return proc(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)?.trim().split(' ')[19] ?? null)
}
function proc(look: () => string | null): string | null {
  try {
    return look()
  } catch {
    return null
  }
}
