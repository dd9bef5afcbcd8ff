import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectResolvers } from '../../../src/api/graphql/project.resolvers.ts'
import type { UserActor } from '../../../src/authorization/actor.ts'
import { domains } from '../../../src/domain/projects/domains.service.ts'
import type { DomainPage } from '../../../src/domain/projects/project.ts'
import { dataSources } from '../../../src/domain/projects/sources.service.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden, Invalid, NotFound } from '../../../src/platform/errors.ts'
import { eventsBy, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { executor } from '../../harness/execute.ts'

let store: Store
let governor: UserActor
let userAdmin: UserActor
let ana: UserActor
let bo: UserActor
let crew: number
const run = executor(projectResolvers)
const NOWHERE = '00000000-0000-4000-8000-000000000000'

beforeAll(async () => {
  store = await testStore()
  governor = await makeUser(store, 'governor', ['GOVERNANCE'])
  userAdmin = await makeUser(store, 'user-admin', ['USER_ADMIN'])
  ana = await makeUser(store, 'ana')
  bo = await makeUser(store, 'bo')
  crew = (await store.db.prisma.group.create({ data: { iamid: 'bim', name: 'Crew', nameKey: 'crew' } })).id
  await store.db.prisma.membership.create({ data: { groupId: crew, userId: ana.user.id, sources: ['bim'] } })
})
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })
const domain = (name: string) => domains.create(as(governor), { name })

describe('domains', () => {
  test('are created once per canonical name, and audited', async () => {
    const [event] = await eventsBy(store, async () => {
      const made = await domains.create(as(governor), { name: 'Finance', description: 'Money' })
      expect(made).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), name: 'Finance', description: 'Money' })
    })
    expect(event).toMatchObject({
      event: 'domainCreated',
      targetType: 'domain',
      targetName: 'Finance',
      after: { description: 'Money' },
    })
    await expect(domain('FINANCE')).rejects.toThrow(Conflict)
    await expect(domain('')).rejects.toThrow(Invalid)
    for (const actor of [ana, userAdmin]) await expect(domains.create(as(actor), { name: 'Mine' })).rejects.toThrow(Forbidden)
  })

  test('are listed by name, page by page, to a USER_ADMIN or GOVERNANCE', async () => {
    for (const name of ['alpha', 'Beta', 'gamma', 'Delta']) await domain(name)
    const seen: string[] = []
    let after: string | null = null
    do {
      const page: DomainPage = await domains.list(as(userAdmin), { first: 2, after })
      seen.push(...page.nodes.map(node => node.name))
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after !== null)
    expect(seen).toEqual(['alpha', 'Beta', 'Delta', 'Finance', 'gamma'])
    const back = await domains.list(as(governor), { last: 2 })
    expect(back.nodes.map(node => node.name)).toEqual(['Finance', 'gamma'])
    expect(await back.totalCount()).toBe(5)
    await expect(domains.list(as(ana), {})).rejects.toThrow(Forbidden)
  })

  test('are deleted with what was given within them', async () => {
    const { id } = await domain('Short-lived')
    await domains.grant(as(governor), { domainId: id, permission: 'Manage Policies', user: { userid: 'bo' } })
    const [event, ...more] = await eventsBy(store, async () =>
      expect(await domains.remove(as(governor), { id })).toEqual({ deletedId: id }),
    )
    expect(more).toEqual([])
    expect(event).toMatchObject({ event: 'domainDeleted', before: { name: 'Short-lived', permissions: 1 } })
    expect(await store.db.prisma.domainPermission.count({ where: { domainId: id } })).toBe(0)
    await expect(domains.remove(as(governor), { id })).rejects.toThrow(NotFound)
  })
})

describe('permissions within a domain', () => {
  test('are given to a user or to a group; given twice, once', async () => {
    const { id: domainId } = await domain('Gifts')
    const toUser = { domainId, permission: 'Audit Activity', user: { iamid: 'bim', userid: 'ANA' } }
    const toGroup = { domainId, permission: 'Audit Activity', group: { id: crew } }
    const events = await eventsBy(store, async () => {
      const user = await domains.grant(as(governor), toUser)
      expect(user).toMatchObject({
        domainId,
        permission: 'Audit Activity',
        userId: ana.user.id,
        profileId: ana.user.profileId,
        groupId: null,
      })
      const group = await domains.grant(as(governor), toGroup)
      expect(group).toMatchObject({ domainId, userId: null, profileId: null, groupId: crew })
      expect(await domains.grant(as(governor), toUser)).toEqual(user)
      expect(await domains.grant(as(governor), toGroup)).toEqual(group)
    })
    expect(events.map(({ event, targetName, after }) => ({ event, targetName, after }))).toEqual([
      { event: 'domainPermissionGranted', targetName: 'Gifts', after: { permission: 'Audit Activity', user: 'bim/ana' } },
      { event: 'domainPermissionGranted', targetName: 'Gifts', after: { permission: 'Audit Activity', group: 'bim/Crew' } },
    ])
  })

  test('given by many at the same time, they stand once', async () => {
    const { id: domainId } = await domain('At once')
    const gifts = await Promise.all(
      Array.from({ length: 5 }, () => domains.grant(as(governor), { domainId, permission: 'P', user: { id: bo.user.id } })),
    )
    expect(new Set(gifts.map(gift => gift.id)).size).toBe(1)
  })

  test('every fault by its name', async () => {
    const { id: domainId } = await domain('Faults')
    const user = { id: bo.user.id }
    const grant = (more: object, actor = governor) => domains.grant(as(actor), { domainId, permission: 'P', ...more })
    await expect(grant({})).rejects.toThrow(/^user or group is required, and not both/)
    await expect(grant({ user, group: { id: crew } })).rejects.toThrow(Invalid)
    for (const permission of ['', 'x'.repeat(255), ' P', 'a\u0000'])
      await expect(grant({ user, permission })).rejects.toThrow(/^permission /)
    await expect(grant({ user: { userid: 'nobody' } })).rejects.toThrow(NotFound)
    await expect(grant({ user: { ...user, iamid: 'other' } })).rejects.toThrow(NotFound)
    await expect(grant({ group: { id: 2_000_000_000 } })).rejects.toThrow(NotFound)
    await expect(grant({ group: { id: crew, iamid: 'other' } })).rejects.toThrow(NotFound)
    await expect(grant({ user, domainId: NOWHERE })).rejects.toThrow(NotFound)
    await expect(grant({ user }, userAdmin)).rejects.toThrow(Forbidden)
    expect((await grant({ user, permission: 'x'.repeat(254) })).permission).toHaveLength(254)
    expect(await store.db.prisma.domainPermission.count({ where: { domainId } })).toBe(1)
  })

  test('are taken back by their id', async () => {
    const { id: domainId } = await domain('Taken back')
    const { id } = await domains.grant(as(governor), { domainId, permission: 'Manage Policies', group: { id: crew } })
    const [event] = await eventsBy(store, async () =>
      expect(await domains.revoke(as(governor), { id })).toEqual({ deletedId: id }),
    )
    expect(event).toMatchObject({ event: 'domainPermissionRevoked', targetId: domainId, targetName: 'Taken back' })
    expect(event).toMatchObject({ before: { permission: 'Manage Policies', group: 'bim/Crew' } })
    await expect(domains.revoke(as(governor), { id })).rejects.toThrow(NotFound)
  })

  test('of a user: their own and those of their groups, by domain, then by permission', async () => {
    const made = await Promise.all(['One', 'Two'].map(domain))
    const [first, second] = made.map(({ id }) => id).sort()
    const cleo = await makeUser(store, 'cleo')
    await store.db.prisma.membership.create({ data: { groupId: crew, userId: cleo.user.id, sources: ['bim'] } })
    const give = (domainId: string, permission: string, to: object) =>
      domains.grant(as(governor), { domainId, permission, ...to })
    await give(second!, 'B', { user: { id: cleo.user.id } })
    await give(second!, 'A', { group: { id: crew } })
    await give(first!, 'Z', { user: { id: cleo.user.id } })
    await give(first!, 'Z', { user: { id: bo.user.id } })
    const sent: string[] = []
    const stop = store.onStatement(text => sent.push(text))
    const { domainPermissionsOfUser } = as(governor).loaders
    const [cleos, bos, none] = await Promise.all([cleo, bo, governor].map(({ user }) => domainPermissionsOfUser.of(user.id, {})))
    stop()
    expect(sent).toHaveLength(1)
    const mine = cleos!.nodes.filter(({ domainId }) => domainId === first || domainId === second)
    expect(mine.map(({ domainId, permission, profileId, groupId }) => [domainId, permission, profileId, groupId])).toEqual([
      [first, 'Z', cleo.user.profileId, null],
      [second, 'A', null, crew],
      [second, 'B', cleo.user.profileId, null],
    ])
    expect(bos!.nodes.every(({ userId }) => userId === bo.user.id)).toBe(true)
    expect(none!.nodes).toEqual([])
  })

  test('a domain shows them by permission, in a number of statements that does not grow', async () => {
    const text = `{ domains(first: 50) { nodes { name permissions { nodes { permission domain { name } user { userid } group { name } } } } } }`
    const { data, errors } = await run(as(governor), text)
    expect(errors).toEqual([])
    const gifts = data.domains.nodes.find((node: { name: string }) => node.name === 'Gifts').permissions.nodes
    expect(gifts).toContainEqual({
      permission: 'Audit Activity',
      domain: { name: 'Gifts' },
      user: { userid: 'ana' },
      group: null,
    })
    expect(gifts).toContainEqual(expect.objectContaining({ user: null, group: { name: 'Crew' } }))
    const few = await statementsOf(store, () => run(as(governor), text))
    for (const name of ['More', 'Even more']) {
      const { id: domainId } = await domain(name)
      await domains.grant(as(governor), { domainId, permission: 'P', user: { userid: 'governor' } })
      await domains.grant(as(governor), { domainId, permission: 'P', group: { id: crew } })
    }
    expect(few).toHaveLength(5)
    expect(await statementsOf(store, () => run(as(governor), text))).toHaveLength(few.length)
  })
})

describe('data sources', () => {
  test('are made known with their owners, once per canonical name', async () => {
    const [event] = await eventsBy(store, async () => {
      const source = await dataSources.create(as(governor), {
        name: 'Payments',
        owners: [{ userid: 'ana' }, { id: bo.user.id }, { userid: 'Ana' }],
      })
      const owners = await as(governor).loaders.ownersOfDataSource.of(source.id, {})
      expect(owners.nodes.map(owner => owner.userid)).toEqual(['ana', 'bo'])
    })
    expect(event).toMatchObject({ event: 'dataSourceCreated', targetType: 'dataSource', after: { name: 'Payments' } })
    expect((event!.after as { owners: string[] }).owners.toSorted()).toEqual(['bim/ana', 'bim/bo'])
    await expect(dataSources.create(as(governor), { name: 'PAYMENTS' })).rejects.toThrow(Conflict)
    await expect(dataSources.create(as(governor), { name: 'x', owners: [{ userid: 'nobody' }] })).rejects.toThrow(NotFound)
    await expect(dataSources.create(as(governor), { name: 'x', owners: [{}] })).rejects.toThrow(/^owners\[0\] needs/)
    await expect(dataSources.create(as(userAdmin), { name: 'x' })).rejects.toThrow(Forbidden)
    expect(await store.db.prisma.dataSource.count()).toBe(1)
  })

  test('owners change in one event; again, nothing happens', async () => {
    const { id } = await dataSources.create(as(governor), { name: 'Claims', owners: [{ userid: 'ana' }] })
    const change = { id, add: [{ userid: 'bo' }], remove: [{ userid: 'ana' }, { userid: 'governor' }] }
    const events = await eventsBy(store, async () => {
      await dataSources.changeOwners(as(governor), change)
      await dataSources.changeOwners(as(governor), change)
    })
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ event: 'dataSourceOwnersChanged', after: { added: ['bim/bo'], removed: ['bim/ana'] } })
    await expect(dataSources.changeOwners(as(governor), { ...change, remove: change.add })).rejects.toThrow(Invalid)
    await expect(dataSources.changeOwners(as(governor), { ...change, id: 2_000_000_000 })).rejects.toThrow(NotFound)
    await expect(dataSources.changeOwners(as(ana), change)).rejects.toThrow(Forbidden)
  })

  test('who owns any', async () => {
    const { isDataSourceOwner } = as(governor).loaders
    const sent = await statementsOf(store, async () =>
      expect(await Promise.all([ana, bo, governor].map(({ user }) => isDataSourceOwner.load(user.id)))).toEqual([
        true,
        true,
        false,
      ]),
    )
    expect(sent).toHaveLength(1)
  })

  test('are listed by name with their owners, in two statements, and forgotten with them', async () => {
    const text = '{ dataSources(first: 50) { nodes { name owners { nodes { userid } } } totalCount } }'
    const sent = await statementsOf(store, async () => {
      const { data } = await run(as(userAdmin), text.replace(' totalCount', ''))
      expect(data.dataSources.nodes).toEqual([
        { name: 'Claims', owners: { nodes: [{ userid: 'bo' }] } },
        { name: 'Payments', owners: { nodes: [{ userid: 'ana' }, { userid: 'bo' }] } },
      ])
    })
    expect(sent).toHaveLength(2)
    const { id } = await store.db.prisma.dataSource.findFirstOrThrow({ where: { name: 'Payments' } })
    const [event] = await eventsBy(store, async () =>
      expect(await dataSources.remove(as(governor), { id })).toEqual({ deletedId: id }),
    )
    expect(event).toMatchObject({ event: 'dataSourceDeleted', before: { name: 'Payments', owners: 2 } })
    expect((await run(as(userAdmin), text)).data.dataSources.totalCount).toBe(1)
    await expect(dataSources.list(as(ana), {})).rejects.toThrow(Forbidden)
    await expect(dataSources.remove(as(governor), { id })).rejects.toThrow(NotFound)
  })
})
