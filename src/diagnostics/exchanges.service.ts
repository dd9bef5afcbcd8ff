import type { ExchangeKind } from '../authorization/ports.ts'
import { alsoNeeds, type Call, read, type Service } from '../authorization/service.ts'
import { answerOf } from '../connectors/userinfo.ts'
import { requireIam } from '../domain/iams/iams.store.ts'
import { newsOf } from '../federation/directory.ts'
import { entryOfWords } from '../federation/entry-json.ts'
import { changesOf, type ExchangePage, type ExchangeRecord, type KeptChange, REDACTED } from '../federation/exchanges/exchange.ts'
import { exchangeList, findExchange } from '../federation/exchanges/exchanges.store.ts'
import { informed, USER_INFO } from '../federation/source-result.ts'
import type { ExchangeFilter } from '../generated/inputs.ts'
import { type PageArgs, readPage } from '../platform/database/pagination.ts'
import { NotFound, Refused } from '../platform/errors.ts'
import { lookupKey } from '../platform/validation.ts'
import { dryRun } from './replay.ts'
import { type Simulated, simulated } from './simulate.ts'

interface ListArgs extends PageArgs {
  readonly iamid: string
  readonly filter?: ExchangeFilter | null
}

export interface Replayed {
  readonly exchange: ExchangeRecord
  readonly identity: Simulated | null
  readonly status: number | null
  readonly body: unknown
  readonly changes: KeptChange[] | null
}

const KINDS: Record<NonNullable<ExchangeFilter['kind']>, ExchangeKind> = { SCIM: 'scim', LDAP: 'ldap', USER_INFO: 'userinfo' }

export const exchanges = {
  list: read('iam:exchanges', async (call: Call, { iamid, filter, ...page }: ListArgs): Promise<ExchangePage> => {
    // What sources say of people is for who may read people.
    alsoNeeds(call, 'user:read')
    await requireIam(call.db, iamid)
    // Whoever looks sees what this instance has just had.
    await call.app.exchangeLog.flush()
    const { kind, userid, failed } = filter ?? {}
    // No name is the empty one: who asks for what no name can be finds nothing.
    const useridKey = userid == null ? null : (lookupKey(userid) ?? '')
    return readPage<ExchangeRecord>(call.db, exchangeList({ iamid, kind: kind && KINDS[kind], useridKey, failed }), page)
  }),

  /** Throws Refused for what cannot be run again: it was not kept whole, or said nothing. */
  replay: read('iam:exchanges', async (call: Call, { id }: { id: string }): Promise<Replayed> => {
    alsoNeeds(call, 'user:read')
    await call.app.exchangeLog.flush()
    const exchange = await findExchange(call.db, id)
    if (exchange === null) throw new NotFound('There is no exchange with this id, or not any more')
    if (exchange.kind === 'scim') return { exchange, identity: null, ...(await replayScim(call, exchange)) }
    return { exchange, identity: await replayWords(call, exchange), status: null, body: null, changes: null }
  }),
} satisfies Service

async function replayScim(call: Call, exchange: ExchangeRecord): Promise<Pick<Replayed, 'status' | 'body' | 'changes'>> {
  const { iamid, asked, request, requestWhole } = exchange
  const [, method, path, query = ''] = /^([A-Z]+) (\/[^?…]*)(?:\?([^…]*))?$/.exec(asked) ?? []
  if (!requestWhole || method === undefined || path === undefined) throw notWhole()
  // Only a Bulk that was refused whole is kept as one; its parts are exchanges themselves.
  if (path === '/Bulk') throw new Refused('A Bulk that was refused whole cannot be run again')
  const body = request ?? undefined
  const { value, events } = await dryRun({ ...call }, { kind: 'scim', iamid }, context =>
    call.app.replayScim(context, { method, path, query, body }),
  )
  return { ...value, changes: changesOf(events).changes }
}

async function replayWords(
  call: Call,
  { iamid, kind, userid, answer, answerWhole, failure }: ExchangeRecord,
): Promise<Simulated> {
  if (!answerWhole) throw notWhole()
  const iam = await requireIam(call.db, iamid)
  if (kind === 'ldap') {
    const entry = entryOfWords(answer)
    if (entry === null) throw saidNothing(failure)
    const { identity, faults } = newsOf(iam, entry)
    return simulated(call, iam, iam.id, { identity: identity!, faults })
  }
  const said = answer === null || userid === null ? null : answerOf(answer)
  if (said === null || 'failure' in said) throw saidNothing(failure)
  return simulated(call, iam, USER_INFO, informed(iam.config, userid!, said.info))
}

const notWhole = () =>
  new Refused(`Something of this exchange was left out, for its length or as ${REDACTED}: it cannot be run again`)
const saidNothing = (failure: string | null) =>
  new Refused(`Nothing was said that could be taken in${failure === null ? '' : `: ${failure}`}`)
