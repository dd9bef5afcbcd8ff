// The policy as a text file, so that a change of who may do what is seen in a review: policy.txt is printed from `decide` and `maySee`.
// After a change that is meant: vitest run test/authorization/policy.test.ts --update
import { expect, test } from 'vitest'
import { type Actor, anonymous, operator, type UserActor } from '../../src/authorization/actor.ts'
import { ADMINISTRATIVE } from '../../src/authorization/permissions.ts'
import {
  type Action,
  decide,
  type FieldGroup,
  fields,
  inScope,
  maySee,
  policy,
  scopes,
  type Visibility,
} from '../../src/authorization/policy.ts'

const ME = 1
const OTHER = 2

function user(
  kind: UserActor['credential']['kind'],
  permissions: readonly string[] = [],
  narrowed: readonly string[] = [],
): UserActor {
  return {
    kind: 'user',
    user: { id: ME, profileId: ME, iamid: 'bim', userid: 'me', useridKey: 'me' },
    permissions: new Set(permissions),
    credential: { kind, id: 1, apiKeyId: kind === 'login' ? null : 1, scopes: narrowed, projectId: null },
    impersonator: kind === 'impersonation' ? { id: 3, iamid: 'bim', userid: 'chief' } : null,
  }
}

/** A permission each that the policy knows, and every kind of credential of somebody without any. */
const permissions = [...ADMINISTRATIVE, 'PROJECT_MANAGEMENT', 'CREATE_PROJECT']
const actors: Record<string, Actor> = {
  anonymous,
  login: user('login'),
  'key-token': user('apikey-token'),
  key: user('apikey'),
  'key:read': user('apikey', [], ['read']),
  impersonation: user('impersonation'),
  ...Object.fromEntries(permissions.map(permission => [permission, user('login', [permission])])),
  scim: { kind: 'scim', iamid: 'okta' },
  operator,
}

const table = (head: string[], rows: string[][]): string => {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map(row => row[at]!.length)))
  return [head, ...rows]
    .map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const cellOf = (actor: Actor, action: Action): string => {
  const [others, own] = [decide(actor, action, false).allowed, decide(actor, action, true).allowed]
  return others ? 'yes' : own ? 'own' : '-'
}

const views: [string, { id: number; view?: Visibility }][] = [
  ['in a list', { id: OTHER, view: 'list' }],
  ['aggregate', { id: OTHER, view: 'aggregate' }],
  ['own', { id: ME, view: 'own' }],
  ['owned', { id: OTHER, view: 'owned' }],
  ['own, in a list', { id: ME, view: 'list' }],
]

function print(): string {
  const names = Object.keys(actors)
  const actions = Object.keys(policy) as Action[]
  const groups = Object.keys(fields) as FieldGroup[]
  return `# Who may do what, printed from src/authorization/policy.ts by policy.test.ts. Generated: do not edit.
#
# yes: on anybody's record; own: only on one's own; -: refused. login, key-token, key and impersonation are the credentials of
# somebody without any permission; key:read is a key narrowed to what reads; the columns in capitals hold that one permission.

${table(
  ['action', 'kind', ...names],
  actions.map(action => [action, policy[action].kind, ...names.map(name => cellOf(actors[name]!, action))]),
)}

# Which fields are shown, by the way in which their record was reached.

${table(
  ['fields', 'record', ...names],
  groups.flatMap(group =>
    views.map(([way, record]) => [group, way, ...names.map(name => (maySee(actors[name]!, group, record) ? 'yes' : '-'))]),
  ),
)}
`
}

test('policy.txt is what the policy says', async () => {
  await expect(print()).toMatchFileSnapshot('policy.txt')
})

test('every permission that the policy asks for has its column', () => {
  const asked = [...Object.values(policy), ...Object.values(fields)].flatMap(({ who }) => (typeof who === 'string' ? [] : who))
  expect([...new Set<string>(asked)].filter(permission => !permissions.includes(permission))).toEqual([])
})

test('whatever an impersonation token may do, its user may do', () => {
  const wider = (Object.keys(policy) as Action[]).filter(
    action => decide(user('impersonation'), action, true).allowed && !decide(user('login'), action, true).allowed,
  )
  expect(wider).toEqual([])
})

test('a scope only narrows: no scope gives what the same user without it may not', () => {
  for (const scope of scopes) {
    for (const held of [[], ['USER_ADMIN'], ['AUDIT']]) {
      const actions = (Object.keys(policy) as Action[]).filter(
        action => decide(user('apikey', held, [scope]), action, true).allowed,
      )
      expect(actions.filter(action => !decide(user('apikey', held), action, true).allowed)).toEqual([])
      // What needs no credential needs no scope either.
      expect(actions.filter(action => policy[action].who !== 'anyone' && !inScope([scope], action))).toEqual([])
    }
  }
})

test('`read` covers every read and no write', () => {
  const covered = (Object.keys(policy) as Action[]).filter(action => inScope(['read'], action))
  expect(covered).toEqual((Object.keys(policy) as Action[]).filter(action => policy[action].kind === 'read'))
})
