import type { ExchangeKind } from '../../authorization/ports.ts'
import { selectList } from '../../platform/database/columns.ts'
import { conditions, type ListQuery } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { EXCHANGE_COLUMNS, type ExchangeRecord, RETAINED } from './exchange.ts'

export type NewExchange = Omit<ExchangeRecord, 'id'> & { readonly useridKey: string | null }

const SCIM_USER = /^User\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

export async function insertExchanges(db: Db, exchanges: readonly NewExchange[]): Promise<void> {
  const of = <K extends keyof NewExchange>(name: K) => exchanges.map(exchange => exchange[name])
  const json = (name: 'request' | 'answer' | 'changes') => of(name).map(value => (value === null ? null : JSON.stringify(value)))
  await db.query(
    `INSERT INTO exchanges (iamid, kind, at, request_id, asked, userid, userid_key, resource, request, request_whole, answer, answer_whole,
       status, failure, changes, changes_whole)
     SELECT e.iamid, e.kind, e.at, e.request_id, e.asked, coalesce(e.userid, u.userid), coalesce(e.userid_key, u.userid_key), e.resource, e.request::jsonb, e.request_whole, e.answer::jsonb,
       e.answer_whole, e.status, e.failure, e.changes::jsonb, e.changes_whole
     FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[],
       $11::text[], $12::bool[], $13::int[], $14::text[], $15::text[], $16::bool[], $17::uuid[]) WITH ORDINALITY
       e(iamid, kind, at, request_id, asked, userid, userid_key, resource, request, request_whole, answer, answer_whole, status, failure, changes,
         changes_whole, scim_id, place)
     JOIN (SELECT i.id FROM iams i WHERE i.id = ANY($1::text[]) FOR KEY SHARE) known ON known.id = e.iamid
     LEFT JOIN users u ON u.scim_id = e.scim_id AND u.iamid = e.iamid ORDER BY e.place`,
    [
      of('iamid'),
      of('kind'),
      of('at'),
      of('requestId'),
      of('asked'),
      of('userid'),
      of('useridKey'),
      of('resource'),
      json('request'),
      of('requestWhole'),
      json('answer'),
      of('answerWhole'),
      of('status'),
      of('failure'),
      json('changes'),
      of('changesWhole'),
      of('resource').map(resource => SCIM_USER.exec(resource ?? '')?.[1] ?? null),
    ],
  )
}

export async function trimExchanges(db: Db, iamids: readonly string[]): Promise<void> {
  await db.query(
    `DELETE FROM exchanges e USING (SELECT i.id AS iamid, (SELECT x.id FROM exchanges x WHERE x.iamid = i.id ORDER BY x.id DESC
       OFFSET $2::int LIMIT 1) AS last FROM unnest($1::text[]) i(id)) old WHERE e.iamid = old.iamid AND e.id <= old.last`,
    [iamids, RETAINED],
  )
}

const SELECT_EXCHANGE = selectList(EXCHANGE_COLUMNS)

export interface ExchangeQuery {
  readonly iamid: string
  readonly kind?: ExchangeKind | null
  readonly useridKey?: string | null
  readonly failed?: boolean | null
}

export function exchangeList({ iamid, kind, useridKey, failed }: ExchangeQuery): ListQuery<ExchangeRecord> {
  const asked = conditions([
    ['e.iamid = $', iamid],
    ['e.kind = $', kind],
    ['e.userid_key = $', useridKey],
    ['(e.failure IS NOT NULL) = $::bool', failed],
  ])
  const order = { name: 'exchanges', expression: 'e.id', type: 'bigint', descending: true } as const
  return { columns: SELECT_EXCHANGE, from: 'exchanges e', ...asked, id: 'e.id', order }
}

export async function findExchange(db: Db, id: string): Promise<ExchangeRecord | null> {
  const [exchange] = await db.query<ExchangeRecord>(`SELECT ${SELECT_EXCHANGE} FROM exchanges e WHERE e.id = $1::bigint`, [id])
  return exchange ?? null
}
