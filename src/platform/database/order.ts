/** Needs an index on (expression, id). */
export interface Order {
  readonly name: string
  readonly expression: string
  readonly type: 'text' | 'timestamptz' | 'int' | 'bigint'
  readonly idType?: 'uuid'
  readonly descending: boolean
}
