import { resident } from '../lib/measure.ts'
import { met, table } from '../lib/report.ts'
import { graphql } from '../lib/roster.ts'
import type { Server } from './servers.ts'

const CLIENTS = 20
/** Megabytes. */
const LIMIT = 300
const QUERY =
  'query($after: String) { users(first: 500, after: $after, filter: { includeDisabled: true }) { nodes { id: databaseId userid profile { name email } } pageInfo { hasNextPage endCursor } } }'
type Page = { users: { pageInfo: { hasNextPage: boolean; endCursor: string } } }

/** The most that Roster holds while clients page through all users. */
export async function memory(roster: Server): Promise<string> {
  let peak = 0
  const pageThrough = async () => {
    for (let after: string | null = ''; after !== null; ) {
      const { users }: Page = await graphql<Page>(roster, QUERY, { after: after || null })
      after = users.pageInfo.hasNextPage ? users.pageInfo.endCursor : null
      peak = Math.max(peak, resident(roster.pid))
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, pageThrough))
  return table(
    ['memory', 'MB', 'goal', 'met'],
    [[`resident while ${CLIENTS} clients page through all users`, peak, `≤ ${LIMIT}`, met(peak <= LIMIT)]],
  )
}
