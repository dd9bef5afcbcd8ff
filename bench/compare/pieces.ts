/** The longest synchronous piece of Roster during requests that ask for as much as the limits allow. */
import { median } from '../lib/measure.ts'
import { eventLoopDelay } from '../lib/processes.ts'
import { type Cells, met, table } from '../lib/report.ts'
import { pause } from '../lib/run.ts'
import type { Server } from './servers.ts'

/** Milliseconds. */
const LIMIT = 50
const ROUNDS = 5

interface Asked {
  readonly name: string
  readonly path: string
  readonly body?: object
}
const many = (count: number, one: (n: number) => string) => Array.from({ length: count }, (_, n) => one(n)).join(' ')
const graphql = (name: string, query: string, variables: object = {}): Asked => ({
  name,
  path: '/graphql',
  body: { query, variables },
})
const ASKED: Asked[] = [
  graphql(
    '10,000 users with groups and permissions',
    '{ users(first: 10000) { nodes { id: databaseId userid permissions groups { nodes { id: databaseId } } profile { name email preferences } } } }',
  ),
  { name: '10,000 users by REST', path: '/bim/user?size=10000' },
  { name: '25 users at offset 90,000 by REST', path: '/bim/user?size=25&offset=90000' },
  graphql(
    'introspection of every type',
    '{ __schema { types { name description fields { name args { name type { name } } } } } }',
  ),
  graphql('a hundred fields with the same name', `{ ${many(140, () => 'viewer { can }')} }`),
  graphql('an unknown key among 50,000', 'query($f: UserFilter) { users(filter: $f) { totalCount } }', {
    f: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, 1])),
  }),
  graphql('a hundred counts', `{ ${many(100, n => `a${n}: users(first: 1) { totalCount }`)} }`),
]

/** The median of several rounds, since whatever else the machine does counts as well. */
export async function pieces({ url, token, child }: Server): Promise<string> {
  const rows: Cells[] = []
  for (const { name, path, body } of ASKED) {
    const found: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      await eventLoopDelay(child)
      const answer = await fetch(url + path, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      await answer.arrayBuffer()
      await pause(50)
      const { longest } = await eventLoopDelay(child)
      if (round > 0) found.push(longest)
    }
    rows.push([name, median(found), `≤ ${LIMIT}`, met(median(found) <= LIMIT)])
  }
  return table(['longest synchronous piece', 'ms', 'goal', 'met'], rows)
}
