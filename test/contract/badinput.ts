// What the tests of bad input share: a good payload for every call that takes fields, and all that a bad one could change.
import { expect } from 'vitest'
import type { Answer } from './client.ts'
import type { World } from './world.ts'
import { expectRefusal, userPath } from './world.ts'

/** Refused as the caller's fault, in the documented form. A 400 names what is wrong: `field`, or any. */
export function expectBad(answer: Answer<unknown>, field = /^[a-z]\w*(\.\w+)* (must|is missing|names)/i): void {
  const what = `${answer.request} ${answer.text}`.slice(0, 300)
  expect(answer.status, what).toBeGreaterThanOrEqual(400)
  expect(answer.status, what).toBeLessThan(500)
  expectRefusal(answer, answer.status, answer.status === 400 ? field : undefined)
}

interface Payload {
  call: string
  method: string
  path: string
  good: Record<string, unknown>
}

const payloadsFor = (groupId: number): Payload[] => [
  {
    call: 'create a user',
    method: 'POST',
    path: '/bim/iam/bim/user',
    good: { userid: 'never-made', password: 'x', profile: { name: 'N' }, permissions: ['AUDIT'] },
  },
  {
    call: 'update a profile',
    method: 'PUT',
    path: `${userPath('bad-input')}/profile`,
    good: {
      email: 'bad@input.example',
      phone: '1',
      about: 'a',
      location: 'b',
      organization: 'c',
      position: 'd',
      externalUserIds: { prestoUser: 'p' },
      preferences: { a: 1 },
    },
  },
  { call: 'change a password', method: 'PUT', path: `${userPath('bad-input')}/password`, good: { password: 'x' } },
  {
    call: 'create a group',
    method: 'POST',
    path: '/bim/group',
    good: { iamid: 'bim', name: 'never made', email: 'g@input.example', description: 'd' },
  },
  {
    call: 'update a group',
    method: 'PUT',
    path: `/bim/group/${groupId}`,
    good: { name: 'never named', email: 'g@input.example', description: 'd' },
  },
  { call: 'add a member', method: 'POST', path: `/bim/group/${groupId}/user`, good: { userid: 'bad-input', iamid: 'bim' } },
  {
    call: 'search',
    method: 'POST',
    path: '/bim/user/search',
    good: { name: 'x', userid: 'x', email: 'x', permission: 'AUDIT', sortField: 'name' },
  },
  { call: 'create a key', method: 'POST', path: '/bim/apikey', good: { name: 'never made', projectId: 1 } },
  { call: 'view a token', method: 'POST', path: '/bim/token', good: { token: 'x' } },
  { call: 'authenticate', method: 'POST', path: '/bim/iam/bim/user/authenticate', good: { username: 'x', password: 'x' } },
  { call: 'authenticate with a key', method: 'POST', path: '/bim/apikey/authenticate', good: { apikey: 'x' } },
  {
    call: 'impersonate',
    method: 'POST',
    path: '/bim/apikey/impersonate',
    good: { apikey: 'x', userid: 'x', iamid: 'bim', projectId: 1 },
  },
  { call: 'sync users', method: 'POST', path: '/bim/syncUsers', good: { iamid: 'bim' } },
]

export async function badInputState(w: World) {
  const crew = await w.createGroup('bad input crew')
  await w.createUser('bad-input', { profile: { name: 'Bad Input' } })
  await w.tag('bad-input', 'desk', 'day')
  const read = ['/bim/user?size=10000&includeDisabled=true', '/bim/group?size=10000', '/bim/iam', userPath('bad-input')]
  return { crew, payloads: payloadsFor(crew.id), everything: () => Promise.all(read.map(path => w.must('GET', path))) }
}
