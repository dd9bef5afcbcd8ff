// One person's data, as one JSON document.
import type { Environment } from '../platform/config/config.ts'
import { type Client, type ClientOptions, connect } from './client.ts'
import { writeTo } from './csv.ts'
import * as documents from './documents.ts'
import { EXIT, Failure } from './exit.ts'
import { type Page, type Row, readOne, userRef } from './lists.ts'

export interface PersonOptions extends ClientOptions {
  readonly partial?: true | undefined
}

type ReadPage = (after: string | null) => Promise<Page | null>

/** Below the cost that queues. */
const PAGE = 100

/** Streams to standard output, a page at a time. What is hidden ends the command before the first byte. */
export async function exportPerson(env: Environment, reference: string, options: PersonOptions): Promise<void> {
  const client = connect(env, options)
  const asked = { document: documents.PERSON, field: 'user', variables: { ref: userRef(reference) }, what: `user ${reference}` }
  const { auditEvents, ...user } = await readOne(client, asked)
  const hidden = await hiddenParts(client, user, auditEvents === null)
  if (hidden.length > 0 && !options.partial)
    throw new Failure(
      `This credential may not see all of it: ${hidden.map(part => `${part} (${NEEDS[part]})`).join(', ')}. Use one that may, or --partial`,
      EXIT.denied,
    )
  await writeTo(process.stdout, `{\n"exportedAt": ${JSON.stringify(new Date())},\n"hidden": ${JSON.stringify(hidden)}`)
  await writeTo(process.stdout, `,\n"user": ${JSON.stringify(user, null, 2)}`)
  for (const [name, readPage] of Object.entries(partsOf(client, user))) {
    if (!hidden.includes(PART_OF[name]!)) await writeList(name, readPage)
  }
  await writeTo(process.stdout, '\n}\n')
}

const NEEDS: Readonly<Record<string, string>> = {
  user: 'USER_ADMIN',
  auditEvents: 'AUDIT',
  exchanges: 'APPLICATION_ADMIN, and USER_ADMIN or AUDIT',
}
const PART_OF: Readonly<Record<string, string>> = {
  memberships: 'user',
  domainPermissions: 'user',
  apiKeys: 'user',
  tokens: 'user',
  eventsAsActor: 'auditEvents',
  eventsAsTarget: 'auditEvents',
  exchanges: 'exchanges',
}

async function hiddenParts(client: Client, user: Row, isAuditHidden: boolean): Promise<string[]> {
  const { errors } = await client.answer(documents.PERSON_EXCHANGES, { ...nameIn(user), first: 1 })
  const other = errors.find(({ code }) => code !== 'FORBIDDEN')
  if (other) throw new Failure(other.message)
  return [
    ...(user.permissionGrants === null ? ['user'] : []),
    ...(isAuditHidden ? ['auditEvents'] : []),
    ...(errors.length > 0 ? ['exchanges'] : []),
  ]
}

const nameIn = ({ iamid, userid }: Row) => ({ iamid, userid })

function partsOf(client: Client, user: Row): Readonly<Record<string, ReadPage>> {
  const ofUser =
    (document: string, field: string): ReadPage =>
    async after => {
      const data = await client.ask<{ user: Row | null }>(document, { id: user.id, first: PAGE, after })
      return data.user?.[field] ?? null
    }
  return {
    memberships: ofUser(documents.PERSON_MEMBERSHIPS, 'memberships'),
    domainPermissions: ofUser(documents.PERSON_DOMAINS, 'domainPermissions'),
    apiKeys: ofUser(documents.PERSON_KEYS, 'apiKeys'),
    tokens: ofUser(documents.PERSON_TOKENS, 'tokens'),
    eventsAsActor: ofUser(documents.PERSON_ACTOR, 'auditEvents'),
    eventsAsTarget: ofUser(documents.PERSON_TARGET, 'auditEvents'),
    exchanges: async after => {
      const variables = { ...nameIn(user), first: PAGE, after }
      return (await client.ask<{ exchanges: Page | null }>(documents.PERSON_EXCHANGES, variables)).exchanges
    },
  }
}

async function writeList(name: string, readPage: ReadPage): Promise<void> {
  await writeTo(process.stdout, `,\n"${name}": [`)
  let separator = '\n'
  let after: string | null = null
  do {
    const page = await readPage(after)
    if (page === null) throw new Failure(`${name} cannot be read any more: the document is not complete`)
    for (const row of page.nodes) {
      await writeTo(process.stdout, `${separator}${JSON.stringify(row)}`)
      separator = ',\n'
    }
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after !== null)
  await writeTo(process.stdout, ']')
}
