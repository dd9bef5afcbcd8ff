import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { nodeVersionError } from '../../src/platform/node-version.ts'

test.each(['18.20.0', '20.19.5', '22.18.0', '23.11.1'])('Node %s is too old, and the message says what to install', version => {
  expect(nodeVersionError(version)).toBe(
    `Roster runs on Node 24 or newer; this is ${version}. On Linux (x64, arm64) npm start and npm test bring their own, elsewhere install Node 24`,
  )
})

test.each(['24.0.0', '24.21.0', '25.1.0', '100.0.0'])('Node %s is not', version => {
  expect(nodeVersionError(version)).toBeNull()
})

const root = new URL('../../', import.meta.url).pathname
const older = 'data:text/javascript,Object.defineProperty(process.versions, "node", { value: "23.11.1" })'

test.each([['src/main.ts'], ['src/cli/main.ts', 'config'], ['node_modules/vitest/vitest.mjs', 'run']])(
  '%s says so at once',
  async (...args) => {
    const env = { ...process.env, NO_COLOR: '1' }
    const child = spawn(process.execPath, ['--import', older, ...args], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] })
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect(errors).toContain('Roster runs on Node 24 or newer; this is 23.11.1.')
    expect(code).toBe(1)
  },
)
