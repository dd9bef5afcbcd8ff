import { integer, json, orNull, type RecordOf, text, texts, time } from '../../platform/database/columns.ts'
import type { Page } from '../../platform/database/pagination.ts'

export const API_KEY_COLUMNS = {
  id: integer('k.id'),
  userId: integer('k.user_id'),
  name: orNull(text('k.name')),
  prefix: text('k.prefix'),
  projectId: orNull(integer('k.project_id')),
  scopes: texts('k.scopes'),
  parentKeyId: orNull(integer('k.parent_key_id')),
  rotatedToId: orNull(integer('k.rotated_to_id')),
  expiresAt: orNull(time('k.expires_at')),
  lastUsed: orNull(time('k.last_used')),
  createdAt: time('k.created_at'),
}
export interface ApiKeyRecord extends RecordOf<typeof API_KEY_COLUMNS> {}
export type ApiKeyPage = Page<ApiKeyRecord>

interface Impersonator {
  readonly id: number
  readonly iamid: string
  readonly userid: string
}

export const TOKEN_COLUMNS = {
  id: integer('t.id'),
  userId: integer('t.user_id'),
  iamid: text('u.iamid'),
  userid: text('u.userid'),
  prefix: text('t.prefix'),
  apiKeyId: orNull(integer('t.api_key_id')),
  projectId: orNull(integer('t.project_id')),
  scopes: texts('t.scopes'),
  impersonator: orNull(
    json<Impersonator>(
      `CASE WHEN p.id IS NULL THEN NULL ELSE jsonb_build_object('id', p.id, 'iamid', p.iamid, 'userid', p.userid) END`,
    ),
  ),
  lastUsed: time('t.last_used'),
  expiration: time('t.expires_at'),
  endsAt: time('t.ends_at'),
  createdAt: time('t.created_at'),
  updatedAt: time('t.updated_at'),
}
export interface TokenRecord extends RecordOf<typeof TOKEN_COLUMNS> {}
export type TokenPage = Page<TokenRecord>
