import { afterAll, beforeAll, expect, test } from 'vitest'
import { operator } from '../../src/authorization/actor.ts'
import { fillDemo } from '../../src/demo/demo.ts'
import * as demo from '../../src/demo/organisation.ts'
import { listUsers } from '../../src/domain/users/users.service.ts'
import type { Store } from '../../src/platform/database/store.ts'
import { Conflict } from '../../src/platform/errors.ts'
import { testContext } from '../harness/context.ts'
import { testStore } from '../harness/database.ts'

let store: Store
beforeAll(async () => {
  store = await testStore()
  // A mail server that is not there: a mail would be tried, and take its time to fail.
  await fillDemo(testContext({ actor: operator, store, env: { SMTP_URL: 'smtp://127.0.0.1:9' } }))
})
afterAll(() => store.close())

const prisma = () => store.db.prisma

test('about 40 people, whom the search finds by their attributes', async () => {
  expect(await prisma().user.count({ where: { iamid: 'bim' } })).toBe(demo.people.length + demo.services.length)
  const found = await listUsers(testContext({ actor: operator, store }), {
    filter: { name: 'KAMIŃ', attributes: [{ key: 'country', value: 'Poland' }] },
  })
  expect(found.nodes.map(({ userid, name, email, location, position }) => ({ userid, name, email, location, position }))).toEqual(
    [
      {
        userid: 'zofia.kaminska',
        name: 'Zofia Kamińska',
        email: 'zofia.kaminska@tidewater.example',
        location: 'Gdańsk',
        position: 'Frontend Developer',
      },
    ],
  )
})

test('nobody has a password, one left, and the permissions are those of the table', async () => {
  expect(await prisma().user.count({ where: { authenticationId: { not: null } } })).toBe(0)
  expect((await prisma().user.findMany({ where: { disabled: true } })).map(({ userid }) => userid)).toEqual(demo.disabled)
  const { defaultPermissions } = await prisma().iam.findUniqueOrThrow({ where: { id: 'bim' } })
  const rows = await prisma().userPermission.findMany({
    where: { permission: { notIn: defaultPermissions } },
    include: { user: true },
    orderBy: { permission: 'asc' },
  })
  const held = Map.groupBy(rows, row => row.user.userid)
  expect(new Map([...held].map(([userid, list]) => [userid, list.map(({ permission }) => permission)]))).toEqual(
    new Map(Object.entries(demo.permissions)),
  )
})

test('members of "Engineering / …" are members of "Engineering", too', async () => {
  const members = async (name: string) => {
    const group = await prisma().group.findFirstOrThrow({
      where: { name },
      include: { memberships: { include: { user: true } } },
    })
    return group.memberships.map(({ user }) => user.userid)
  }
  const [all, platform, apps] = await Promise.all(['Engineering', 'Engineering / Platform', 'Engineering / Apps'].map(members))
  expect(platform).toHaveLength(4)
  expect(all).toEqual(expect.arrayContaining([...platform!, ...apps!, 'joao.ferreira']))
  expect(await members('Engineering / Data')).toContain('annika.berg')
  expect(all).not.toContain('annika.berg')
})

test('projects, domains, data sources and keys are there', async () => {
  expect(await prisma().project.count()).toBe(2)
  expect(await prisma().projectMember.count()).toBe(demo.projects.flatMap(({ members }) => members).length)
  expect(await prisma().domainPermission.count()).toBe(demo.domains.flatMap(({ grants }) => grants).length)
  expect(await prisma().dataSource.count()).toBe(demo.dataSources.length)
  const keys = await prisma().apiKey.findMany({ include: { user: true, project: true }, orderBy: { id: 'asc' } })
  expect(keys.map(({ user, name, project, scopes }) => ({ owner: user.userid, name, project: project?.name, scopes }))).toEqual(
    demo.apiKeys.map(({ owner, name, project, scopes = [] }) => ({ owner, name, project, scopes })),
  )
})

test('every step is audited, and none was refused', async () => {
  const events = await prisma().auditEvent.groupBy({ by: ['event', 'actorName'], _count: true })
  const counts = Object.fromEntries(events.map(({ event, actorName, _count }) => [`${event} by ${actorName}`, _count]))
  expect(counts).toMatchObject({
    'userCreated by operator': demo.people.length + demo.services.length,
    'groupCreated by operator': demo.teams.length,
    'userDisabled by operator': demo.disabled.length,
    'apiKeyCreated by bim/svc-portal': 2,
  })
  expect(Object.keys(counts).filter(name => name.startsWith('denied'))).toEqual([])
})

test('a second run is refused before it changes anything', async () => {
  const before = await prisma().auditEvent.count()
  await expect(fillDemo(testContext({ actor: operator, store }))).rejects.toThrow(Conflict)
  expect(await prisma().auditEvent.count()).toBe(before)
})
