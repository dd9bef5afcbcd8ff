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
  const { memberships, domainPermissions, apiKeys, tokens, auditEvents, ...user } = await readOne(client, asked)
  const lists = { memberships, domainPermissions, apiKeys, tokens, eventsAsActor: auditEvents, eventsAsTarget: auditEvents }
  const hidden = [
    ...USER_FIELDS.filter(field => user[field] === null).map(field => `user.${field}`),
    ...Object.entries(lists).flatMap(([name, page]) => (page === null ? [name] : [])),
    ...((await mayReadExchanges(client, user)) ? [] : ['exchanges']),
  ]
  if (hidden.length > 0 && !options.partial)
    throw new Failure(
      `This credential may not see all of it: ${hidden.map(part => `${part} (${NEEDS[part] ?? 'USER_ADMIN'})`).join(', ')}. Use one that may, or --partial`,
      EXIT.denied,
    )
  await writeTo(process.stdout, `{\n"exportedAt": ${JSON.stringify(new Date())},\n"hidden": ${JSON.stringify(hidden)}`)
  const shown = Object.fromEntries(Object.entries(user).filter(([field]) => !hidden.includes(`user.${field}`)))
  await writeTo(process.stdout, `,\n"user": ${JSON.stringify(shown, null, 2)}`)
  for (const [name, readPage] of Object.entries(partsOf(client, user))) {
    if (!hidden.includes(name)) await writeList(name, readPage)
  }
  await writeTo(process.stdout, '\n}\n')
}

/** Null only where they are hidden. */
const USER_FIELDS = ['sourceIds', 'permissionGrants', 'attributes', 'effectiveAttributes']

/** Of the others: USER_ADMIN. */
const NEEDS: Readonly<Record<string, string>> = {
  eventsAsActor: 'AUDIT',
  eventsAsTarget: 'AUDIT',
  exchanges: 'APPLICATION_ADMIN, and USER_ADMIN or AUDIT',
}

async function mayReadExchanges(client: Client, user: Row): Promise<boolean> {
  const { errors } = await client.answer(documents.PERSON_EXCHANGES, { ...nameIn(user), first: 1 })
  const other = errors.find(({ code }) => code !== 'FORBIDDEN')
  if (other) throw new Failure(other.message)
  return errors.length === 0
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
