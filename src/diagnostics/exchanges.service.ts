import type { ExchangeKind } from '../authorization/ports.ts'
import { query, requirePermissionFor, type Service, type ServiceContext } from '../authorization/service.ts'
import { answerOf } from '../connectors/userinfo.ts'
import { requireIam } from '../domain/iams/iams.store.ts'
import { mapEntry } from '../federation/directory.ts'
import { entryFromJson } from '../federation/entry-json.ts'
import {
  changesOf,
  type ExchangePage,
  type ExchangeRecord,
  REDACTED,
  type RecordedChange,
} from '../federation/exchanges/exchange.ts'
import { exchangeList, findExchange } from '../federation/exchanges/exchanges.store.ts'
import { mapUserInfo, USER_INFO } from '../federation/source-result.ts'
import type { ExchangeFilter } from '../generated/inputs.ts'
import { type PageArgs, readPage, rowsWithIds } from '../platform/database/pagination.ts'
import { NotFound, Unprocessable } from '../platform/errors.ts'
import { lookupKey } from '../platform/validation.ts'
import { dryRun } from './replay.ts'
import { type IdentitySimulation, simulateIdentity } from './simulate.ts'

interface ListArgs extends PageArgs {
  readonly iamid: string
  readonly filter?: ExchangeFilter | null
}

export interface ExchangeReplay {
  readonly exchange: ExchangeRecord
  readonly identity: IdentitySimulation | null
  readonly status: number | null
  readonly body: unknown
  readonly changes: RecordedChange[] | null
}

const KINDS: Record<NonNullable<ExchangeFilter['kind']>, ExchangeKind> = { SCIM: 'scim', LDAP: 'ldap', USER_INFO: 'userinfo' }

export const exchanges = {
  list: query('iam:exchanges', async (call: ServiceContext, { iamid, filter, ...page }: ListArgs): Promise<ExchangePage> => {
    // Exchanges contain personal data.
    requirePermissionFor(call, 'user:read')
    await requireIam(call.db, iamid)
    await call.app.exchangeLog.flush()
    const { kind, userid, failed } = filter ?? {}
    const useridKey = userid == null ? null : (lookupKey(userid) ?? '')
    return readPage(call.db, exchangeList({ iamid, kind: kind && KINDS[kind], useridKey, failed }), page)
  }),

  withIds: query('iam:exchanges', async (call: ServiceContext, { ids }: { ids: readonly string[] }) => {
    requirePermissionFor(call, 'user:read')
    await call.app.exchangeLog.flush()
    return rowsWithIds(call.db, exchangeList({ iamid: '' }), ids)
  }),

  replay: query('iam:exchanges', async (call: ServiceContext, { id }: { id: string }): Promise<ExchangeReplay> => {
    requirePermissionFor(call, 'user:read')
    await call.app.exchangeLog.flush()
    const exchange = await findExchange(call.db, id)
    if (exchange === null) throw new NotFound('No exchange with this id: it may have been removed')
    if (exchange.kind === 'scim') return { exchange, identity: null, ...(await replayScim(call, exchange)) }
    return { exchange, identity: await replayEntry(call, exchange), status: null, body: null, changes: null }
  }),
} satisfies Service

async function replayScim(
  call: ServiceContext,
  exchange: ExchangeRecord,
): Promise<Pick<ExchangeReplay, 'status' | 'body' | 'changes'>> {
  const { iamid, asked, request, requestWhole } = exchange
  const [, method, path, query = ''] = /^([A-Z]+) (\/[^?…]*)(?:\?([^…]*))?$/.exec(asked) ?? []
  if (!requestWhole || method === undefined || path === undefined) throw incompleteError()
  if (path === '/Bulk') throw new Unprocessable('A rejected Bulk cannot be run again')
  const body = request ?? undefined
  const { value, events } = await dryRun({ ...call }, { kind: 'scim', iamid }, context =>
    call.app.replayScim(context, { method, path, query, body }),
  )
  return { ...value, changes: changesOf(events).changes }
}

async function replayEntry(
  call: ServiceContext,
  { iamid, kind, userid, answer, answerWhole, failure }: ExchangeRecord,
): Promise<IdentitySimulation> {
  if (!answerWhole) throw incompleteError()
  const iam = await requireIam(call.db, iamid)
  if (kind === 'ldap') {
    const entry = entryFromJson(answer)
    if (entry === null) throw emptyError(failure)
    const { identity, faults } = mapEntry(iam, entry)
    return simulateIdentity(call, { iam, source: iam.id, mapped: { identity: identity!, faults } })
  }
  const response = answer === null || userid === null ? null : answerOf(answer)
  if (response === null || 'failure' in response) throw emptyError(failure)
  return simulateIdentity(call, { iam, source: USER_INFO, mapped: mapUserInfo(iam.config, userid!, response.info) })
}

const incompleteError = () => new Unprocessable(`This exchange was truncated or ${REDACTED}: it cannot be run again`)
const emptyError = (failure: string | null) =>
  new Unprocessable(`The response contained nothing usable${failure === null ? '' : `: ${failure}`}`)
