// How often a request waits for the database beside its credential: BEGIN goes with the first statement of a transaction, COMMIT with
// the audit event.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bootApp } from '../../harness/app.ts'
import { makeUser } from '../../harness/context.ts'

const app = await bootApp()
afterAll(() => app.close())

let group = 0
let membership = 0
beforeAll(async () => {
  await makeUser(app.store, 'ines', ['CREATE_PROJECT'])
  group = (await app.store.db.prisma.group.create({ data: { iamid: 'bim', name: 'Staff', nameKey: 'staff' } })).id
})

/** Each entry is a statement, or several that were sent together. */
async function tripsOf(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; answer: unknown; trips: string[][] }> {
  const trips: string[][] = []
  const stop = app.store.onStatement((text, isJoined) => {
    if (isJoined) trips.at(-1)!.push(text)
    else trips.push([text])
  })
  const response = await fetch(app.url + path, {
    method,
    headers: { authorization: `Bearer ${app.admin.token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  stop()
  const isOurs = ([text]: string[]) => !text!.includes('FROM tokens t') && !text!.includes('last_used = greatest(')
  return { status: response.status, answer, trips: trips.filter(isOurs) }
}

const path = (text: string) => text.replace(':group', String(group)).replace(':membership', String(membership))

test.each<[atMost: number, method: string, path: string, body?: object]>([
  [3, 'POST', '/bim/group/:group/user', { userid: 'ines', iamid: 'bim' }],
  [3, 'DELETE', '/bim/group/:group/user/:membership'],
  [4, 'PUT', '/bim/iam/bim/user/ines/permissions', { permissions: ['CREATE_FILTER', 'CREATE_PROJECT'] }],
  [4, 'DELETE', '/bim/iam/bim/user/ines/permissions/CREATE_PROJECT'],
  [5, 'PUT', '/bim/iam/bim/user/ines/authorizations/office/Porto'],
  [4, 'PUT', '/bim/iam/bim/group/:group/authorizations/office/Porto'],
  [5, 'DELETE', '/bim/iam/bim/user/ines/authorizations/office'],
  [3, 'POST', '/bim/group', { iamid: 'bim', name: 'Research' }],
  [4, 'PUT', '/bim/group/:group', { description: 'All of the staff' }],
  [3, 'PUT', '/bim/iam/bim/user/ines/profile', { location: 'Porto' }],
  [4, 'PUT', '/bim/iam/bim/user/ines/disable/true'],
  [4, 'POST', '/bim/apikey', { name: 'script' }],
])('%i: %s %s', async (atMost, method, template, body) => {
  const { status, answer, trips } = await tripsOf(method, path(template), body)
  expect(status, JSON.stringify(answer)).toBe(200)
  expect(trips.length, trips.map(texts => texts.join(' + ')).join('\n')).toBe(atMost)
  expect(trips[0]![0]).toBe('BEGIN')
  // What the answer reads besides comes after COMMIT, which is sent with the audit event.
  const ends = trips.findIndex(texts => texts.includes('COMMIT'))
  expect(trips[ends]!.map(text => text.slice(0, 24))).toEqual(['INSERT INTO audit_events', 'COMMIT'])
  if (template.endsWith('/user')) membership = (answer as { id: number }).id
})
