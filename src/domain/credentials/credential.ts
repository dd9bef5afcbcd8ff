/** API keys and tokens, without secrets. Pure. */
import type { Page } from '../../platform/database/pagination.ts'

export interface ApiKeyRecord {
  readonly id: number
  readonly userId: number
  readonly name: string | null
  readonly prefix: string
  readonly projectId: number | null
  readonly scopes: readonly string[]
  readonly parentKeyId: number | null
  readonly rotatedToId: number | null
  readonly expiresAt: Date | null
  readonly lastUsed: Date | null
  readonly createdAt: Date
}
export type ApiKeyPage = Page<ApiKeyRecord>

/** With user and impersonator. */
export interface TokenRecord {
  readonly id: number
  readonly userId: number
  readonly iamid: string
  readonly userid: string
  readonly prefix: string
  readonly apiKeyId: number | null
  readonly projectId: number | null
  readonly scopes: readonly string[]
  readonly impersonator: { readonly iamid: string; readonly userid: string } | null
  readonly lastUsed: Date
  readonly expiration: Date
  readonly endsAt: Date
  readonly createdAt: Date
  readonly updatedAt: Date
}
export type TokenPage = Page<TokenRecord>
