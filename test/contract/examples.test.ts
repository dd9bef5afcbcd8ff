// Replays every documented request and compares the answer with the documented response, key by key and type by type.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { send } from './client.ts'
import { documentedGrant } from './examples.review.ts'
import { states } from './examples.states.ts'
import type { Example } from './examples.ts'
import { calls, examples } from './examples.ts'
import { differences } from './shape.ts'
import { userPath, world } from './world.ts'

const app = await bootApp({ smtp: true })
afterAll(() => app.close())
const w = world(app)

/** Puts the state's values for `{name}` into a path, a request or a response; a value alone keeps its type. */
function filled<T>(template: T, values: Record<string, string | number>): T {
  if (typeof template === 'string') {
    const whole = /^\{(\w+)\}$/.exec(template)?.[1]
    if (whole && whole in values) return values[whole] as T
    return template.replaceAll(/\{(\w+)\}/g, (as, name) => String(values[name] ?? as)) as T
  }
  // Markers carry functions and pass untouched.
  if (typeof template !== 'object' || template === null || Object.getOwnPropertySymbols(template).length > 0) return template
  if (Array.isArray(template)) return template.map(entry => filled(entry, values)) as T
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, values)])) as T
}

async function replay(example: Example) {
  const { fill = {}, callers = {} } = await states[example.id]!(w)
  const token = { nobody: undefined, administrator: app.admin.token, ...callers }[example.caller ?? 'administrator']
  const [method = '', template] = example.call.split(' ')
  const path = filled(example.path, fill)
  expect(path, `the example's path is one of ${template}`).not.toContain('{')
  const answer = await send(app.url, method, path, { token, json: filled(example.request, fill) })
  return { answer, documented: filled(example.response, fill) }
}

test('The reference documents 35 calls, and each has an example', () => {
  expect(calls).toHaveLength(35)
  expect(new Set(examples.map(example => example.id)).size).toBe(examples.length)
})

describe('Documented request, documented response', () => {
  test.each(examples.map(example => [example.id, example.call, example] as const))('%s: %s', async (_id, _call, example) => {
    const { answer, documented } = await replay(example)
    expect(answer.status, answer.text).toBe(example.status ?? 200)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
    expect(differences(answer.body, documented)).toEqual([])
  })
})

describe('What the documented requests leave behind', () => {
  test('review.current: the permissions within domains stand under the domain they are given in', async () => {
    const token = await w.login('olga.reyes@roster.example', 'a long ride at night')
    type Grants = Record<string, { collectionId: string; permission: string }[]>
    const current = await w.must<{ collectionPermissions: Grants }>('GET', '/bim/rpc/user/current', undefined, token)
    const domains = Object.entries(current.collectionPermissions).sort(([, a], [, b]) => a.length - b.length)
    const sorted = domains.map(([, grants]) => grants.toSorted((a, b) => (a.permission < b.permission ? -1 : 1)))
    const documented = [['Audit Activity'], ['Audit Activity', 'Manage Data Products']].map(names => names.map(documentedGrant))
    expect(differences(sorted, documented)).toEqual([])
    for (const [domain, grants] of domains) expect(grants.map(grant => grant.collectionId)).toEqual(grants.map(() => domain))
  })

  test('users.clone: the clone has the permissions and attributes of the original, and no name or password of it', async () => {
    const clone = await w.getUser('finn.second@roster.example')
    expect(clone).toMatchObject({
      permissions: ['CREATE_PROJECT'],
      authorizations: { Country: ['NO'] },
      disabled: false,
      hasLogin: false,
    })
    expect(clone.profile).toMatchObject({ email: 'finn.second@roster.example' })
  })

  test('users.attribute.remove-everywhere: nobody holds the value any more', async () => {
    expect((await w.getUser('karl.iver@roster.example')).authorizations).toEqual({})
  })

  test('users.disable, groups.members.remove, groups.delete: the answers were true', async () => {
    expect((await w.getUser('vera.holt@roster.example')).disabled).toBe(true)
    expect(await w.must('GET', `${userPath('ulf.kade@roster.example')}/groups`)).toEqual([])
    expect(await w.must('GET', '/bim/group?name=Short%20Lived')).toMatchObject({ count: '0', hits: [] })
  })

  test('users.create, users.clone: the mails that the answers speak of were sent', async () => {
    const recipients = app.mails.map(mail => [mail.to].flat().join()).sort()
    expect(recipients).toEqual(['finn.second@roster.example', 'ines.ortega@roster.example'])
  })
})
