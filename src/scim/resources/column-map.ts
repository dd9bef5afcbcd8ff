import type { ResourceType } from '../protocol/schema.ts'

/** `key` is canonical, `exact` text, `rows` another table. */
export type Column =
  | { readonly kind: 'key' | 'exact' | 'boolean' | 'time' | 'uuid'; readonly sql: string }
  | { readonly kind: 'rows'; readonly exists: (condition: string) => string; readonly parts: Readonly<Record<string, Column>> }

export interface ColumnMap {
  readonly type: ResourceType
  readonly document: string
  readonly from: string
  readonly rowid: string
  readonly where: string
  /** Index conditions for list values, case-insensitive; the exact condition follows. */
  readonly indexed: Readonly<Record<string, (value: string) => string>>
  readonly columns: Readonly<Record<string, Column>>
}
