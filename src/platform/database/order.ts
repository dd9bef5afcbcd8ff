/** What a list is sorted by: a name for its cursors, the SQL expression, the type its text is cast back to. Served by an index on (expression, id). */
export interface Order {
  readonly name: string
  readonly expression: string
  readonly type: 'text' | 'timestamptz' | 'int' | 'bigint'
  /** Of the id that ties go by; absent for a number. */
  readonly idType?: 'uuid'
  readonly descending: boolean
}
