import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const place = JSON.stringify(new URL('../../src/platform/stop.ts', import.meta.url))

/** A process that takes `takes` ms to stop: its exit code, and what it wrote. */
async function stopped(signals: readonly [signal: NodeJS.Signals, afterMs: number][], takes = 0) {
  const program = `import { stopOnSignals } from ${place}
    const say = text => process.stdout.write(text + '\\n')
    stopOnSignals({
      log: { info: (fields, message) => say(message ?? fields) },
      drain: 3,
      stop: ({ drain }) => { say('drain ' + drain); return new Promise(resolve => setTimeout(resolve, ${takes})) },
      fail: message => { say(message); process.exit(1) },
    })
    setInterval(() => {}, 1000)
    say('begun')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const written = text(child.stdout)
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  for (const [signal, after] of signals) {
    await new Promise(resolve => setTimeout(resolve, after))
    child.kill(signal)
  }
  const [code] = await ended
  return { code, lines: (await written).trim().split('\n').slice(-3) }
}

test('SIGTERM drains, stops and says so', async () => {
  expect(await stopped([['SIGTERM', 0]])).toEqual({ code: 0, lines: ['stopping on SIGTERM', 'drain 3', 'stopped'] })
})

test('SIGINT does not drain', async () => {
  expect(await stopped([['SIGINT', 0]])).toEqual({ code: 0, lines: ['stopping on SIGINT', 'drain 0', 'stopped'] })
})

test('a second signal ends the process at once', async () => {
  const signals: [NodeJS.Signals, number][] = [
    ['SIGTERM', 0],
    ['SIGTERM', 700],
  ]
  expect(await stopped(signals, 60_000)).toEqual({
    code: 1,
    lines: ['stopping on SIGTERM', 'drain 3', 'Roster was stopped by a second SIGTERM: what was unfinished is lost'],
  })
})

test('a signal that npm repeats is the same one', async () => {
  const signals: [NodeJS.Signals, number][] = [
    ['SIGTERM', 0],
    ['SIGTERM', 50],
  ]
  expect(await stopped(signals, 1_000)).toEqual({ code: 0, lines: ['stopping on SIGTERM', 'drain 3', 'stopped'] })
})
