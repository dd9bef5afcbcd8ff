import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { say } from './setup.stamps.mjs'

/** Not in node_modules, which npm ci removes. */
const LOCK = 'dist/.setup.lock'

/** One set-up at a time. */
export async function locked(work) {
  mkdirSync('dist', { recursive: true })
  for (let waiting = false; !take(); waiting = true) {
    if (!waiting) say(`waiting for the set-up of process ${holder(LOCK) ?? 'unknown'}`)
    await pause(200)
  }
  try {
    await work()
  } finally {
    rmSync(LOCK, { recursive: true, force: true })
  }
}

function take() {
  try {
    mkdirSync(LOCK)
    writeFileSync(join(LOCK, 'pid'), String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (!stale(holder(LOCK))) return false
  clear()
  return take()
}

/** Renames first, so that only one waiter removes it. */
function clear() {
  const grave = `${LOCK}.${randomUUID()}`
  try {
    renameSync(LOCK, grave)
    if (stale(holder(grave))) rmSync(grave, { recursive: true, force: true })
    else renameSync(grave, LOCK)
  } catch (error) {
    if (!['ENOENT', 'EEXIST', 'ENOTEMPTY'].includes(error.code)) throw error
  }
}

function holder(lock) {
  try {
    return Number(readFileSync(join(lock, 'pid'), 'utf8')) || null
  } catch {
    return null
  }
}

/** Stale: its process is gone, or no process id after ten seconds. */
function stale(pid) {
  if (pid === null) return age() > 10_000
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function age() {
  return Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}
