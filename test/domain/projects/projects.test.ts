import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectResolvers } from '../../../src/api/graphql/project.resolvers.ts'
import { operator, type UserActor } from '../../../src/authorization/actor.ts'
import { generateSecret } from '../../../src/authorization/secret.ts'
import type { ProjectPage } from '../../../src/domain/projects/project.ts'
import { projects } from '../../../src/domain/projects/projects.service.ts'
import { isProjectMember } from '../../../src/domain/projects/projects.store.ts'
import type { Store } from '../../../src/platform/database/store.ts'
import { Conflict, Forbidden, Invalid, NotFound, Unauthenticated } from '../../../src/platform/errors.ts'
import { eventsBy, makeUser, statementsOf, testContext } from '../../harness/context.ts'
import { testStore } from '../../harness/database.ts'
import { executor } from '../../harness/execute.ts'

let store: Store
let manager: UserActor
let userAdmin: UserActor
let ana: UserActor
let bo: UserActor
const run = executor(projectResolvers)

beforeAll(async () => {
  store = await testStore()
  manager = await makeUser(store, 'manager', ['PROJECT_MANAGEMENT'])
  userAdmin = await makeUser(store, 'user-admin', ['USER_ADMIN'])
  ana = await makeUser(store, 'ana', ['CREATE_PROJECT'])
  bo = await makeUser(store, 'bo', ['CREATE_PROJECT'])
})
afterAll(() => store.close())

const as = (actor: UserActor) => testContext({ actor, store })
const members = (project: { id: number }) =>
  store.db.prisma.projectMember
    .findMany({ where: { projectId: project.id }, orderBy: { userId: 'asc' } })
    .then(rows => rows.map(row => row.userId))

describe('creating', () => {
  test('the creator is the first member; the key is the name; one event', async () => {
    const [event, ...more] = await eventsBy(store, async () => {
      const project = await projects.create(as(ana), { name: 'Credit Payments', description: 'All of it', documentation: '' })
      expect(project).toMatchObject({
        name: 'Credit Payments',
        projectKey: 'Credit Payments',
        description: 'All of it',
        documentation: null,
        status: 'open',
        subscriptionType: 'manual',
        type: 'Standard',
        schema: null,
        allowMaskedJoins: false,
        createdBy: ana.user.id,
        updatedBy: ana.user.id,
      })
      expect(await members(project)).toEqual([ana.user.id])
      expect(await isProjectMember(store.db, project.id, ana.user.id)).toBe(true)
      expect(await isProjectMember(store.db, project.id, bo.user.id)).toBe(false)
      expect(await isProjectMember(store.db, 2_000_000_000, ana.user.id)).toBe(false)
    })
    expect(more).toEqual([])
    expect(event).toMatchObject({
      event: 'projectCreated',
      actorName: 'bim/ana',
      targetType: 'project',
      targetName: 'Credit Payments',
    })
    expect(event).toMatchObject({ after: { name: 'Credit Payments', description: 'All of it', members: ['bim/ana'] } })
  })

  test('names are unique by canonical form, also at the same time', async () => {
    await expect(projects.create(as(bo), { name: 'CREDIT PAYMENTS' })).rejects.toThrow(Conflict)
    await expect(projects.create(as(bo), { name: '\uff23redit Payments' })).rejects.toThrow(Conflict)
    const race = await Promise.allSettled(Array.from({ length: 5 }, () => projects.create(as(bo), { name: 'Race' })))
    expect(race.filter(result => result.status === 'fulfilled')).toHaveLength(1)
    for (const result of race) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(Conflict)
  })

  test('a machine is nobody’s member', async () => {
    const project = await projects.create(testContext({ actor: operator, store }), { name: 'By the machine' })
    expect(project).toMatchObject({ createdBy: null })
    expect(await members(project)).toEqual([])
  })

  test.each(['', ' x', 'x'.repeat(255), 'a\u0000b'])('refuses the name %j', async name => {
    await expect(projects.create(as(ana), { name })).rejects.toThrow(/^name /)
  })

  test('refuses text that no store can hold', async () => {
    await expect(projects.create(as(ana), { name: 'text', description: '\u0000' })).rejects.toThrow(/^description /)
    await expect(projects.create(as(ana), { name: 'text', documentation: 'x'.repeat(10_001) })).rejects.toThrow(/^documentation /)
  })

  test('needs CREATE_PROJECT or PROJECT_MANAGEMENT', async () => {
    await expect(projects.create(as(userAdmin), { name: 'Refused' })).rejects.toThrow(Forbidden)
    expect((await projects.create(as(manager), { name: 'By the manager' })).name).toBe('By the manager')
  })
})

describe('members', () => {
  test('are added and removed in one event; again, nothing happens', async () => {
    const project = await projects.create(as(ana), { name: 'Members' })
    const change = {
      id: project.id,
      add: [{ id: bo.user.id }, { userid: 'MANAGER' }, { id: bo.user.id }],
      remove: [{ userid: 'ana' }],
    }
    const [event, ...more] = await eventsBy(store, async () => {
      const changed = await projects.changeMembers(as(userAdmin), change)
      expect(changed).toMatchObject({ id: project.id, updatedBy: userAdmin.user.id })
      expect(await members(project)).toEqual([manager.user.id, bo.user.id])
      await projects.changeMembers(as(userAdmin), change)
    })
    expect(more).toEqual([])
    expect(event).toMatchObject({ event: 'projectMembersChanged', targetId: String(project.id) })
    expect(event!.after).toEqual({ added: expect.arrayContaining(['bim/bo', 'bim/manager']), removed: ['bim/ana'] })
  })

  test('as many statements for three hundred as for one', async () => {
    const project = await projects.create(as(ana), { name: 'Many' })
    const data = Array.from({ length: 300 }, (_, index) => `many-${index}`).map(userid => ({
      iamid: 'bim',
      userid,
      useridKey: userid,
      name: userid,
      nameKey: userid,
    }))
    await store.db.prisma.user.createMany({ data })
    const refs = data.map(({ userid }) => ({ userid }))
    const add = (list: typeof refs) =>
      statementsOf(store, () => projects.changeMembers(as(manager), { id: project.id, add: list }))
    const one = await add(refs.slice(0, 1))
    expect(await add(refs)).toHaveLength(one.length)
    expect(await members(project)).toHaveLength(301)
  })

  test('all or nothing, and every fault by its name', async () => {
    const project = await projects.create(as(ana), { name: 'Faults' })
    const change = (more: object) => projects.changeMembers(as(manager), { id: project.id, ...more })
    await expect(change({ add: [{ id: bo.user.id }, { id: 2_000_000_000 }] })).rejects.toThrow(NotFound)
    await expect(change({ add: [{ id: bo.user.id }], remove: [{ userid: 'bo' }] })).rejects.toThrow(
      /^remove must not name a user who is also in add/,
    )
    await expect(change({ add: [{}] })).rejects.toThrow(/^add\[0\] needs an id or a userid/)
    await expect(change({ add: Array.from({ length: 1001 }, () => ({ id: 1 })) })).rejects.toThrow(Invalid)
    await expect(projects.changeMembers(as(manager), { id: 2_000_000_000, add: [{ id: bo.user.id }] })).rejects.toThrow(NotFound)
    await expect(projects.changeMembers(as(ana), { id: project.id, add: [{ id: bo.user.id }] })).rejects.toThrow(Forbidden)
    expect(await members(project)).toEqual([ana.user.id])
  })
})

describe('reading', () => {
  const namesSeenBy = async (actor: UserActor) =>
    (await projects.list(as(actor), { first: 100 })).nodes.map(project => project.name)

  test('one’s own; all for a PROJECT_MANAGEMENT or USER_ADMIN; in order of their names', async () => {
    const own = await namesSeenBy(bo)
    expect(own).toEqual(['Members', 'Race'])
    const all = await namesSeenBy(manager)
    expect(all).toEqual(expect.arrayContaining(['By the machine', 'Credit Payments', 'Race']))
    expect(all.map(name => name.toLowerCase())).toEqual(all.map(name => name.toLowerCase()).sort())
    expect(await namesSeenBy(userAdmin)).toEqual(all)
    const narrowed = { ...manager, credential: { ...manager.credential, scopes: ['project:list'] } }
    expect(await namesSeenBy(narrowed)).toEqual(['By the manager', 'Members'])
    await expect(projects.list(testContext({ actor: { kind: 'anonymous' }, store }), {})).rejects.toThrow(Unauthenticated)
  })

  test('page by page: every one once', async () => {
    const all = await namesSeenBy(manager)
    const seen: string[] = []
    let after: string | null = null
    do {
      const page: ProjectPage = await projects.list(as(manager), { first: 2, after })
      expect(await page.totalCount()).toBe(all.length)
      seen.push(...page.nodes.map(project => project.name))
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after !== null)
    expect(seen).toEqual(all)
  })

  test('members are hidden without USER_ADMIN or PROJECT_MANAGEMENT, and ordered by name', async () => {
    const text = '{ projects(first: 100) { nodes { name members(first: 1000) { nodes { userid } } } } }'
    const own = await run(as(ana), text)
    expect(own.errors).toEqual([])
    for (const node of own.data.projects.nodes) expect(node.members).toBeNull()
    const all = await run(as(userAdmin), text)
    const named = (name: string) => all.data.projects.nodes.find((node: { name: string }) => node.name === name)
    expect(named('Members').members.nodes).toEqual([{ userid: 'bo' }, { userid: 'manager' }])
    expect(named('By the machine').members.nodes).toEqual([])
    expect(named('Many').members.nodes).toHaveLength(301)
  })

  test('two statements, however many projects and members', async () => {
    const sent = await statementsOf(store, () =>
      run(as(manager), '{ projects(first: 100) { nodes { name members(first: 500) { nodes { userid } } } } }'),
    )
    expect(sent).toHaveLength(2)
  })
})

test('deleting takes the keys made for it and their tokens along; the event says how many', async () => {
  const project = await projects.create(as(ana), { name: 'Short-lived' })
  const later = new Date(Date.now() + 3_600_000)
  const secret = () => {
    const { hash, prefix } = generateSecret('rk')
    return { userId: ana.user.id, hash, prefix }
  }
  const key = await store.db.prisma.apiKey.create({ data: { ...secret(), projectId: project.id } })
  const other = await store.db.prisma.apiKey.create({ data: secret() })
  for (const apiKeyId of [key.id, other.id])
    await store.db.prisma.token.create({ data: { ...secret(), apiKeyId, lastUsed: later, expiresAt: later, endsAt: later } })

  const remove = (actor: UserActor) => projects.remove(as(actor), { id: project.id })
  await expect(remove(ana)).rejects.toThrow(Forbidden)
  await expect(remove(userAdmin)).rejects.toThrow(Forbidden)
  const [event, ...more] = await eventsBy(store, async () => expect(await remove(manager)).toEqual({ deletedId: project.id }))
  expect(more).toEqual([])
  expect(event).toMatchObject({ event: 'projectDeleted', before: { name: 'Short-lived', members: 1, apiKeys: 1, tokens: 1 } })
  expect(await store.db.prisma.apiKey.findMany({ where: { userId: ana.user.id }, select: { id: true } })).toEqual([
    { id: other.id },
  ])
  expect(await store.db.prisma.token.count({ where: { userId: ana.user.id } })).toBe(1)
  await expect(remove(manager)).rejects.toThrow(NotFound)
  expect((await projects.create(as(ana), { name: 'Short-lived' })).id).not.toBe(project.id)
})
