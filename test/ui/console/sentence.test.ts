import { expect, test } from 'vitest'
import type { LogEventFragment } from '../../../src/generated/ui.ts'
import { plainSentence, sentenceOf } from '../../../src/ui/console/parts/sentence.ts'

const person = (databaseId: number, name: string) => ({ id: `${databaseId}`, databaseId, profile: { id: `${databaseId}`, name } })
const ines = { __typename: 'User' as const, ...person(7, 'Ines') }
const eventOf = (event: string, rest: Partial<LogEventFragment> = {}): LogEventFragment => ({
  id: '1',
  at: '2026-11-07T10:00:00Z',
  event,
  action: 'user:edit',
  outcome: 'DONE',
  actor: 'bim/ada',
  actorUser: person(3, 'Ada'),
  onBehalfOf: null,
  credential: null,
  targetType: 'user',
  targetId: '7',
  targetName: 'bim/ines',
  target: ines,
  before: null,
  after: null,
  reason: null,
  requestId: 'r',
  ...rest,
})
const permissions = (before: string[], after: string[]) =>
  plainSentence(eventOf('permissionsUpdated', { before: { permissions: before }, after: { permissions: after } }))

test('permissions: what was given, and what was taken', () => {
  expect(permissions([], ['AUDIT'])).toBe('Ada gave AUDIT to Ines')
  expect(permissions(['AUDIT'], [])).toBe('Ada took AUDIT from Ines')
  expect(permissions(['AUDIT'], ['GOVERNANCE'])).toBe('Ada gave GOVERNANCE to Ines, and took AUDIT')
  expect(permissions(['AUDIT'], ['AUDIT'])).toBe('Ada changed the permissions of Ines')
  expect(permissions([], ['A1', 'B2', 'C3', 'D4', 'E5'])).toBe('Ada gave A1, B2, C3 and 2 more to Ines')
})

test('members and attributes are named', () => {
  const group = { targetType: 'group', targetName: 'Finance', target: null }
  const members = { members: [{ id: 7, name: 'bim/ines' }] }
  expect(plainSentence(eventOf('groupUserAdded', { ...group, after: members }))).toBe('Ada added bim/ines to Finance')
  expect(plainSentence(eventOf('groupUserDeleted', { ...group, before: members }))).toBe('Ada removed bim/ines from Finance')
  const attributes = (values: string[]) => ({ attributes: { Team: values } })
  expect(plainSentence(eventOf('attributeUpdated', { before: attributes(['A']), after: attributes(['B']) }))).toBe(
    'Ada changed Team A to Team B for Ines',
  )
})

test('without names, what is recorded is shown; what is unknown is named', () => {
  expect(plainSentence(eventOf('denied', { actorUser: null, target: null, targetName: null, action: 'iam:create' }))).toBe(
    'bim/ada was refused iam:create on user 7',
  )
  expect(plainSentence(eventOf('denied', { target: null, targetType: 'instance', targetId: '', action: 'group:create' }))).toBe(
    'Ada was refused group:create',
  )
  expect(plainSentence(eventOf('userDisabled', { onBehalfOf: 'bim/ines' }))).toBe('Ada as bim/ines disabled Ines')
  expect(plainSentence(eventOf('planetMoved'))).toBe('Ada: planetMoved Ines')
  expect(plainSentence(eventOf('groupUserAdded'))).toBe('Ada added … to Ines')
})

test('actor, target and values are pieces of their own', () => {
  expect(sentenceOf(eventOf('userDisabled'))).toEqual([
    { kind: 'actor', text: 'Ada' },
    { kind: 'text', text: ' disabled ' },
    { kind: 'target', text: 'Ines' },
  ])
})
