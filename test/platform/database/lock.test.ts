import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDirectory } from '../../../src/platform/database/lock.ts'
import { openStore } from '../../../src/platform/database/open.ts'
import { compiled } from '../../harness/compiled.ts'

let home: string
let dataDir: string
const children: ChildProcess[] = []
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'roster-lock-'))
  dataDir = join(home, 'data')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

async function holder(directory: string, statement = ''): Promise<{ child: ChildProcess; message: string }> {
  const child = fork(new URL('./lock.holder.ts', import.meta.url), [directory, statement], {
    execArgv: [],
    env: { ...process.env, ...compiled },
  })
  children.push(child)
  const [message] = await once(child, 'message')
  return { child, message }
}
const kill = async (child: ChildProcess) => {
  child.kill('SIGKILL')
  await once(child, 'exit')
}
const open = (directory = dataDir) => openStore({ databaseUrl: null, dataDir: directory })

describe('the data directory', () => {
  it('is made for its owner only', async () => {
    await (await open()).close()
    expect((statSync(dataDir).mode & 0o777).toString(8)).toBe('700')
    expect((statSync(join(dataDir, 'postgres')).mode & 0o777).toString(8)).toBe('700')
    expect(existsSync(join(dataDir, 'roster.lock'))).toBe(false)
  })

  it('has one process: a second gets the path and the process id, also through a symlink', async () => {
    const { child, message } = await holder(dataDir)
    expect(message).toBe('open')
    const link = join(home, 'link')
    symlinkSync(dataDir, link)
    await expect(open()).rejects.toThrow(`The data directory ${dataDir} is in use by process ${child.pid}.`)
    await expect(open(link)).rejects.toThrow(`The data directory ${link} is in use by process ${child.pid}.`)
    expect((await holder(link)).message).toContain(`in use by process ${child.pid}`)
    child.send('close')
    await once(child, 'exit')
    await (await open(link)).close()
  })

  it('opens at once after kill -9, with everything that was committed', async () => {
    const { child } = await holder(dataDir, "INSERT INTO projects (name, name_key, project_key) VALUES ('Kept', 'kept', 'kept')")
    await kill(child)
    expect(existsSync(join(dataDir, 'roster.lock'))).toBe(true)
    const store = await open()
    expect(await store.db.prisma.project.findMany({ select: { name: true } })).toEqual([{ name: 'Kept' }])
    await store.close()
  })

  it('is created again when its first start was killed half way', async () => {
    await (await open()).close()
    rmSync(join(dataDir, 'postgres', 'global'), { recursive: true })
    writeFileSync(join(dataDir, 'postgres.unfinished'), '')
    const store = await open()
    expect(await store.db.prisma.iam.count()).toBe(1)
    await store.close()
    expect(existsSync(join(dataDir, 'postgres.unfinished'))).toBe(false)
  })

  it('that cannot be created is an error with the reason', async () => {
    writeFileSync(join(home, 'file'), '')
    await expect(open(join(home, 'file', 'data'))).rejects.toThrow(
      /data directory .*file\/data cannot be made or written \(ENOTDIR\)/,
    )
  })
})

describe('the lock file, where no socket reaches', () => {
  const file = () => join(home, 'roster.lock')
  const stranger = { token: 't', pid: 1, host: 'elsewhere', boot: 'another', space: 'another', started: '1' }
  const lock = (lost = () => {}) => lockDirectory(home, lost, 400)

  it('names its holder and goes with it', async () => {
    const held = await lock()
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ pid: process.pid })
    await expect(lock()).rejects.toThrow(`in use by process ${process.pid}`)
    held.release()
    expect(existsSync(file())).toBe(false)
    ;(await lock()).release()
  })

  it('keeps out while a holder on another machine shows life', async () => {
    writeFileSync(file(), JSON.stringify(stranger))
    const beat = setInterval(() => utimesSync(file(), new Date(), new Date()), 50)
    await expect(lock()).rejects.toThrow('in use by process 1 on elsewhere')
    clearInterval(beat)
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(stranger)
  })

  it('is taken over from a holder on another machine that shows none', async () => {
    writeFileSync(file(), JSON.stringify(stranger))
    const held = await lock()
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ pid: process.pid })
    held.release()
  })

  it('is written again by its holder when somebody deleted it, and tells its holder when somebody took it', async () => {
    const taken = Promise.withResolvers<void>()
    const held = await lock(taken.resolve)
    rmSync(file())
    await expect.poll(() => existsSync(file())).toBe(true)
    writeFileSync(file(), JSON.stringify(stranger))
    await taken.promise
    held.release()
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(stranger)
  })
})
