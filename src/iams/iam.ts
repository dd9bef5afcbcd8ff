/** What an IAM is. Pure. */

/** A row of `iams`, without its secrets. */
export interface IamRecord {
  readonly id: string
  readonly displayName: string
  readonly type: string
  readonly config: Record<string, unknown>
  /** Fingerprints of the secrets that are set, by the secret's path; never the secrets. */
  readonly secrets: Record<string, string>
  readonly defaultPermissions: readonly string[]
  readonly scimKeyPrefix: string | null
  readonly createdAt: Date
  readonly updatedAt: Date
}
