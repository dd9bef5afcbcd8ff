import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditResolvers } from '../../../src/api/graphql/audit.resolvers.ts'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import type { UserActor } from '../../../src/authorization/actor.ts'
import type { AuditEventPage } from '../../../src/domain/audit/audit.record.ts'
import { audit } from '../../../src/domain/audit/audit.service.ts'
import { domains } from '../../../src/domain/projects/domains.service.ts'
import { projects } from '../../../src/domain/projects/projects.service.ts'
import type { AuditFilter } from '../../../src/generated/graphql.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Forbidden, Invalid } from '../../../src/platform/errors.ts'
import { makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { executor } from '../../harness/execute.ts'

let store: Store
let auditor: UserActor
let maker: UserActor
const run = executor(auditResolvers)
const hour = (hours: number) => new Date(Date.UTC(2026, 0, 1, hours))

beforeAll(async () => {
  store = await testStore()
  auditor = await makeUser(store, 'auditor', ['AUDIT'])
  maker = await makeUser(store, 'maker', ['CREATE_PROJECT', 'GOVERNANCE'])
  const past = {
    actorKind: 'user',
    actorName: 'bim/old',
    actorUserId: 77,
    requestId: 'r',
    action: 'user:disable',
    outcome: 'done',
  }
  await store.db.prisma.auditEvent.createMany({
    data: Array.from({ length: 9 }, (_, index) => ({
      ...past,
      at: hour(index),
      event: index % 3 === 0 ? 'userEnabled' : 'userDisabled',
      targetType: 'user',
      targetId: String(index % 2),
    })),
  })
})
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })
const ids = async (filter: AuditFilter, page: object = { first: 100 }) =>
  (await audit.list(as(auditor), { ...page, filter })).nodes.map(event => Number(event.id))

test('needs AUDIT', async () => {
  await expect(audit.list(as(maker), {})).rejects.toThrow(Forbidden)
})

test('what was done and what was refused stands there, newest first, with who, on whose behalf, what and why', async () => {
  const { id } = await projects.create(as(maker), { name: 'Audited' })
  const impersonated = {
    ...maker,
    credential: { ...maker.credential, kind: 'impersonation' as const },
    impersonator: { id: auditor.user.id, iamid: 'bim', userid: 'auditor' },
  }
  await expect(domains.create(as(impersonated), { name: 'Refused' })).rejects.toThrow(Forbidden)
  const { data } = await run(
    as(auditor),
    `{ auditEvents(first: 2) { nodes { id at event action outcome actor actorUserId onBehalfOf credential targetType targetId targetName
       before after reason requestId } } }`,
  )
  const time = expect.stringMatching(/^\d{4}-.*Z$/)
  expect(data.auditEvents.nodes).toEqual([
    {
      id: toGlobalId('AuditEvent', 11),
      at: time,
      event: 'denied',
      action: 'domain:write',
      outcome: 'DENIED',
      actor: 'bim/auditor',
      actorUserId: auditor.user.id,
      onBehalfOf: 'bim/maker',
      credential: 'token 1',
      targetType: 'instance',
      targetId: '',
      targetName: null,
      before: null,
      after: null,
      reason: 'domain:write is not allowed with an impersonation token',
      requestId: 'req-test',
    },
    {
      id: toGlobalId('AuditEvent', 10),
      at: time,
      event: 'projectCreated',
      action: 'project:create',
      outcome: 'DONE',
      actor: 'bim/maker',
      actorUserId: maker.user.id,
      onBehalfOf: null,
      credential: 'token 1',
      targetType: 'project',
      targetId: String(id),
      targetName: 'Audited',
      before: null,
      after: { name: 'Audited', description: null, documentation: null, members: ['bim/maker'] },
      reason: null,
      requestId: 'req-test',
    },
  ])
})

describe('filters narrow, alone and together', () => {
  test.each<[string, AuditFilter, number[]]>([
    ['nothing', {}, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
    ['an event', { events: ['userEnabled'] }, [7, 4, 1]],
    ['two events', { events: ['userEnabled', 'projectCreated'] }, [10, 7, 4, 1]],
    ['no events', { events: [] }, []],
    ['done', { outcome: 'DONE' }, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
    ['denied', { outcome: 'DENIED' }, [11]],
    ['an actor', { actorId: 77 }, [9, 8, 7, 6, 5, 4, 3, 2, 1]],
    ['a kind of target', { targetType: 'project' }, [10]],
    ['a target', { targetType: 'user', targetId: '1' }, [8, 6, 4, 2]],
    ['from, which is included', { from: hour(7), to: hour(24) }, [9, 8]],
    ['to, which is not', { to: hour(2) }, [2, 1]],
    [
      'everything at once',
      {
        events: ['userDisabled'],
        outcome: 'DONE',
        actorId: 77,
        targetType: 'user',
        targetId: '1',
        from: hour(2),
        to: hour(8),
      },
      [8, 6],
    ],
    [
      'nulls, as nothing',
      { events: null, outcome: null, actorId: null, targetType: null, targetId: null, from: null, to: null },
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    ],
    ['text that is a pattern elsewhere', { targetId: '%' }, []],
  ])('%s', async (_, filter, expected) => {
    expect(await ids(filter)).toEqual(expected)
  })

  test.each<[string, AuditFilter]>([
    ['events', { events: Array.from({ length: 1001 }, () => 'denied') }],
    ['targetType', { targetType: 'a\u0000' }],
    ['targetId', { targetId: '\ud800' }],
  ])('%s may be at fault', async (field, filter) => {
    const refusal = audit.list(as(auditor), { filter })
    await expect(refusal).rejects.toThrow(Invalid)
    await expect(refusal).rejects.toMatchObject({ field })
  })
})

describe('pages', () => {
  test('by cursor: every event once, newest first, also while events are added', async () => {
    const seen: number[] = []
    let after: string | null = null
    do {
      const page: AuditEventPage = await audit.list(as(auditor), { first: 4, after, filter: { actorId: 77 } })
      seen.push(...page.nodes.map(event => Number(event.id)))
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
      await projects.create(as(maker), { name: `Meanwhile ${seen.length}` })
    } while (after !== null)
    expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
  })

  test('one statement, and one more when the total is asked for', async () => {
    const list = (fields: string) => statementsOf(store, () => run(as(auditor), `{ auditEvents { nodes { id } ${fields} } }`))
    expect(await list('')).toHaveLength(1)
    expect(await list('totalCount')).toHaveLength(2)
  })

  test('a cursor of another list is refused', async () => {
    const page = await projects.list(as(maker), { first: 1 })
    await expect(audit.list(as(auditor), { after: page.pageInfo.endCursor })).rejects.toThrow(/^after must be a cursor/)
  })
})
