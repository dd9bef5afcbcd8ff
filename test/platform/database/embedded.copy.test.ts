// A directory is copied as it is while it is held, whatever is written before.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyDirectory } from '../../../src/platform/database/embedded.copy.ts'

let from: string
let to: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-copy-'))
  ;[from, to] = [join(folder, 'from'), join(folder, 'to')]
  mkdirSync(join(from, 'base/1'), { recursive: true })
})
afterEach(() => rmSync(join(from, '..'), { recursive: true, force: true }))

const write = (name: string, text: string, age = 60) => {
  writeFileSync(join(from, name), text)
  const at = new Date(Date.now() - age * 1_000)
  utimesSync(join(from, name), at, at)
}
const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(name => statSync(join(folder, name)).isFile())
      .map(name => [name, readFileSync(join(folder, name), 'utf8')]),
  )

test('what changes, comes and goes before it is held is in the copy as it is then', async () => {
  write('same', 'a'.repeat(1_000))
  write('base/1/changes', 'before')
  write('goes', 'x')
  const report = await copyDirectory(from, to, async work => {
    write('base/1/changes', 'after!', 50)
    write('comes', 'new')
    rmSync(join(from, 'goes'))
    await work()
    return 7
  })
  expect(contents(to)).toEqual({ same: 'a'.repeat(1_000), 'base/1/changes': 'after!', comes: 'new' })
  // What stayed is not copied again while others wait.
  expect(report).toEqual({ bytes: 1_000 + 6 + 1 + 6 + 3, heldMs: 7 })
})

test('a file of the same size and time that was just written is copied again', async () => {
  write('fresh', 'one', 0)
  const { mtime } = statSync(join(from, 'fresh'))
  await copyDirectory(from, to, async work => {
    writeFileSync(join(from, 'fresh'), 'two')
    utimesSync(join(from, 'fresh'), mtime, mtime)
    await work()
    return 0
  })
  expect(contents(to)).toEqual({ fresh: 'two' })
})

test('files that come and go all the time end no copy', async () => {
  let isOver = false
  const churn = (async () => {
    for (let at = 0; !isOver; at++) {
      write(`base/1/${at % 50}`, `${at}`)
      rmSync(join(from, `base/1/${(at * 7) % 50}`), { force: true })
      if (at % 10 === 0) await setTimeout(1)
    }
  })()
  for (let at = 0; at < 200; at++) write(`file ${at}`, 'x'.repeat(10_000))
  await copyDirectory(from, to, async work => {
    isOver = true
    await churn
    await work()
    return 0
  })
  expect(contents(to)).toEqual(contents(from))
})
