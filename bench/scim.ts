/** `npm run bench:scim`: users a second by Bulk, and member changes a second by PATCH of groups. */
import { createDatabase } from './lib/database.ts'
import { cpuOf, median } from './lib/measure.ts'
import { met, report, table } from './lib/report.ts'
import { graphql, logIn, type Roster, startRoster } from './lib/roster.ts'
import { count, run, step } from './lib/run.ts'

const BULKS = count('BULKS', 12)
/** Of one Bulk; the limit is 1,000. */
const USERS = 500
const GROUPS = 20
const SINGLES = 400
const MEMBERS = 100
const CHUNKS = 10
/** As providers do. */
const AT_ONCE = 4

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const MESSAGES = 'urn:ietf:params:scim:api:messages:2.0'

interface Client {
  readonly url: string
  readonly key: string
}

await run(async () => {
  const database = await createDatabase()
  const roster = await startRoster({ DATABASE_URL: database.url })
  const client = await scimClient(roster)
  const users: string[] = []
  const bulks: number[] = []
  const cpu = cpuOf(roster.pid)
  for (let n = 0; n < BULKS; n++) {
    const [ids, seconds] = await timed(() => createUsers(client, n))
    users.push(...ids)
    bulks.push(USERS / seconds)
  }
  const cpuOfUser = (cpuOf(roster.pid) - cpu) / users.length
  step(`${users.length} users`)
  const groups: string[] = []
  for (let n = 0; n < GROUPS; n++)
    groups.push((await send<{ id: string }>(client, 'POST', '/Groups', { schemas: [GROUP], displayName: `group ${n}` })).id)
  const changes = async (op: 'add' | 'remove', size: number, requests: number) => {
    const before = cpuOf(roster.pid)
    const jobs = Array.from({ length: requests }, (_, n) => ({
      group: groups[n % GROUPS]!,
      // Another part of the users for each round of the groups.
      members: part(users, Math.floor(n / GROUPS) * size, size),
    }))
    const [, seconds] = await timed(() => atOnce(jobs, ({ group, members }) => patch(client, group, op, members)))
    step(`${op} ${size}: ${((requests * size) / seconds).toFixed(0)} a second`)
    return { rate: (requests * size) / seconds, cpu: (cpuOf(roster.pid) - before) / (requests * size) }
  }
  const rows = [] as (string | number)[][]
  for (const [size, requests] of [
    [1, SINGLES],
    [MEMBERS, GROUPS * CHUNKS],
    [1000, GROUPS * 2],
  ] as const)
    for (const op of ['add', 'remove'] as const) {
      const { rate, cpu } = await changes(op, size, requests)
      const goal = size === 1 ? ['', ''] : ['≥ 1,000', met(rate >= 1000)]
      rows.push([`members a second, ${op}, ${size} in one PATCH, ${AT_ONCE} at once`, rate, cpu, ...goal])
    }
  const rate = median(bulks)
  report(
    'npm run bench:scim',
    [`PostgreSQL ${database.version}`],
    [
      table(
        ['SCIM', 'a second', 'CPU ms of Roster for each', 'goal', 'met'],
        [[`users by Bulk of ${USERS}, one after the other`, rate, cpuOfUser, '≥ 500', met(rate >= 500)], ...rows],
      ),
    ],
  )
})

function part<Item>(list: readonly Item[], from: number, size: number): Item[] {
  return Array.from({ length: size }, (_, n) => list[(from + n) % list.length]!)
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const began = performance.now()
  return [await work(), (performance.now() - began) / 1000]
}

async function atOnce<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < items.length) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function scimClient(roster: Roster): Promise<Client> {
  const target = { url: roster.url, token: await logIn(roster.url) }
  await graphql(target, 'mutation($input: CreateIamInput!) { createIam(input: $input) { iam { iamid } } }', {
    input: { iamid: 'corp', displayName: 'Corp', type: 'OPENID', config: { scimEnabled: true } },
  })
  const { generateScimKey } = await graphql<{ generateScimKey: { scimKey: string } }>(
    target,
    'mutation { generateScimKey(input: { iamid: "corp" }) { scimKey } }',
  )
  return { url: `${roster.url}/scim/v2/corp`, key: generateScimKey.scimKey }
}

async function send<Answer>({ url, key }: Client, method: string, path: string, body: object): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`)
  return (text && JSON.parse(text)) as Answer
}

async function createUsers(client: Client, bulk: number): Promise<string[]> {
  const operation = (n: number) => ({
    method: 'POST',
    path: '/Users',
    bulkId: `b${n}`,
    data: {
      schemas: [CORE],
      userName: `user.${bulk}.${n}@example.com`,
      externalId: `${bulk}-${n}`,
      name: { givenName: 'User', familyName: `${bulk} ${n}` },
      emails: [{ value: `user.${bulk}.${n}@example.com`, type: 'work', primary: true }],
      active: true,
    },
  })
  const { Operations } = await send<{ Operations: { status: string; location?: string }[] }>(client, 'POST', '/Bulk', {
    schemas: [`${MESSAGES}:BulkRequest`],
    Operations: Array.from({ length: USERS }, (_, n) => operation(n)),
  })
  const failed = Operations.find(({ status }) => status !== '201')
  if (failed) throw new Error(JSON.stringify(failed))
  return Operations.map(({ location }) => location!.slice(location!.lastIndexOf('/') + 1))
}

function patch(client: Client, group: string, op: 'add' | 'remove', members: readonly string[]): Promise<unknown> {
  return send(client, 'PATCH', `/Groups/${group}`, {
    schemas: [`${MESSAGES}:PatchOp`],
    Operations: [{ op, path: 'members', value: members.map(value => ({ value })) }],
  })
}
