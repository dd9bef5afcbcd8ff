import type { Client } from './client.ts'
import type { StoredIam } from './declared.difference.ts'
import type { KnownType } from './declared.wanted.ts'
import { ALL_IAMS, IAM_TYPES } from './documents.ts'
import { EXIT, Failure } from './exit.ts'
import { type Page, pageOf } from './lists.ts'

const PAGE = 100

export interface ServerState {
  readonly types: readonly KnownType[]
  readonly iams: readonly StoredIam[]
}

/** All identity sources, and the options that there are. */
export async function readServer(client: Client): Promise<ServerState> {
  const { iamTypes: types } = await client.ask<{ iamTypes: KnownType[] }>(IAM_TYPES)
  const iams: StoredIam[] = []
  for (let after: string | null = null; ; ) {
    const page: Page = await pageOf(client, { document: ALL_IAMS, field: 'iams' }, { first: PAGE, after })
    iams.push(...(page.nodes as unknown as StoredIam[]))
    if (!page.pageInfo.hasNextPage) break
    after = page.pageInfo.endCursor
  }
  if (iams.some(({ config }) => config === null))
    throw new Failure('The configuration is hidden from this credential: it needs APPLICATION_ADMIN', EXIT.denied)
  return { types, iams }
}
