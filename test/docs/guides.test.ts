// Each command of the README's tour and of the guides runs on the sample data; the answers that they show are the real ones.
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { operator } from '../../src/authorization/actor.ts'
import { fillDemo } from '../../src/demo/demo.ts'
import { settings } from '../../src/platform/config/settings.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { testContext } from '../harness/context.ts'
import { readPage, runBlocks, stepsOf } from './shell.ts'

const TOUR = 'README.md'
const PAGES = [
  TOUR,
  'docs/guides/app-developer-rest.md',
  'docs/guides/graphql.md',
  'docs/guides/administrator.md',
  'docs/guides/service-accounts.md',
]

/** The README also shows how to start and test Roster. */
const textOf = (path: string) => (path === TOUR ? readPage(path).split('\n## A five-minute tour\n')[1]! : readPage(path))

/** What differs on each run: times and ids of requests. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time'],
  [/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/, 'an id'],
]
const parsed = (json: string) =>
  JSON.parse(json, (_, value) =>
    typeof value === 'string' ? (VARYING.find(([pattern]) => pattern.test(value))?.[1] ?? value) : value,
  )

describe.each(PAGES)('%s', path => {
  let app: TestApp | undefined
  afterEach(() => app?.close())

  test('shows the real answers', async () => {
    app = await bootApp({ env: { ADMIN_PASSWORD: 'tour password' } })
    await fillDemo(testContext({ actor: operator, store: app.store }))
    const steps = stepsOf(textOf(path))
    const commands = steps.map(({ command }) => command)
    const printed = await runBlocks(tmpdir(), commands, { 'http://127.0.0.1:4000': app.url })
    for (const [index, { command, shown }] of steps.entries()) {
      if (shown !== null) expect(parsed(printed[index]!), command).toEqual(parsed(shown))
      else expect(printed[index], command).not.toMatch(/"errors"|"statusCode"/)
    }
    expect(steps.filter(({ shown }) => shown !== null).length).toBeGreaterThan(2)
  }, 60_000)
})

test('docs/guides/operator.md has every setting with its default', () => {
  const text = readPage('docs/guides/operator.md')
  for (const [name, { fallback }] of Object.entries(settings)) {
    const row = text.split('\n').find(line => line.startsWith('| ') && line.includes(`\`${name}\``))
    expect(row, name).toBeDefined()
    if (typeof fallback === 'number') expect(row!.replaceAll(',', ''), name).toContain(String(fallback))
    else if (typeof fallback === 'string') expect(row, name).toContain(fallback)
  }
})
