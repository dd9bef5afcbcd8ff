// What a wrong setting comes to at the start: one line that names it, at once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeDirectories } from '../src/platform/directories.ts'
import { checkAddress } from '../src/platform/http/address.ts'
import { compiled } from './harness/compiled.ts'

const main = new URL('../src/main.ts', import.meta.url).pathname

async function started(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], { env: { PORT: '0', ...compiled, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { stderr, code }
}

test.skipIf(process.platform !== 'linux')('a DATA_DIR that the system refuses to make ends the start', async () => {
  expect(await started({ DATA_DIR: '/proc/nope' })).toEqual({
    code: 1,
    stderr: 'The data directory /proc/nope cannot be made or written (ENOENT): set DATA_DIR to one that can\n',
  })
})

test('a HOST of another machine ends the start before the store is opened', async () => {
  const stderr = 'HOST 203.0.113.7 is no address of this machine: set HOST to one that it has, or to 0.0.0.0 for all of them\n'
  // An opened store would end with an error of its own.
  expect(await started({ HOST: '203.0.113.7', DATA_DIR: '/proc/nope' })).toEqual({ code: 1, stderr })
})

describe('an address', () => {
  test('that is taken is named, and one that is free stays free', async () => {
    const holder = createServer().listen({ port: 0, host: '127.0.0.1' })
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    await expect(checkAddress({ port, host: '127.0.0.1' })).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is in use: stop the other process, or set PORT`,
    )
    await new Promise(resolve => holder.close(resolve))
    await checkAddress({ port, host: '127.0.0.1' })
    await checkAddress({ port, host: '127.0.0.1' })
  })

  test('whose name nobody knows is named', async () => {
    await expect(checkAddress({ port: 0, host: 'nowhere.invalid' })).rejects.toThrow(
      'HOST nowhere.invalid is a name without an address: set HOST to an address of this machine',
    )
  })
})

describe('directories', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'roster-directories-'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  test('are made with those above them, for their owner alone, and stay when they are there', () => {
    makeDirectories(join(root, 'a/b/c'))
    for (const each of ['a', 'a/b', 'a/b/c']) expect(statSync(join(root, each)).mode & 0o777).toBe(0o700)
    makeDirectories(join(root, 'a/b/c'))
    makeDirectories(`${join(root, 'a/b')}/`)
  })

  test('below a file are refused', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => makeDirectories(join(root, 'file/x'))).toThrow('ENOTDIR')
  })
})
