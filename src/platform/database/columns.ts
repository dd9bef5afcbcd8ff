/** A record's type, select list and decoding come from one object. */

/** `type`: PostgreSQL's name. `Value`: what node-postgres parses it to. */
export interface Column<Value> {
  readonly sql: string
  readonly type: string
  readonly nullable: boolean
  readonly value?: Value
}
export type Columns = Readonly<Record<string, Column<unknown>>>

const columnOf =
  <Widest>(type: string) =>
  <Value extends Widest = Widest>(sql: string): Column<Value> => ({ sql, type, nullable: false })

export const integer = columnOf<number>('int4')
export const text = columnOf<string>('text')
export const uuid = columnOf<string>('uuid')
export const texts = columnOf<readonly string[]>('_text')
export const flag = columnOf<boolean>('bool')
export const time = columnOf<Date>('timestamptz')
export const json = columnOf<unknown>('jsonb')

export const orNull = <Value>(column: Column<Value>): Column<Value | null> => ({ ...column, nullable: true })

export type RecordOf<Map extends Columns> = {
  readonly [Name in keyof Map]: Map[Name] extends Column<infer Value> ? Value : never
}

declare const ROW: unique symbol
export type SelectList<Row> = string & { readonly [ROW]: Row }

export const selectList = <Map extends Columns, Name extends keyof Map & string>(
  columns: Map,
  names: readonly Name[] = Object.keys(columns) as never,
): SelectList<Pick<RecordOf<Map>, Name>> => names.map(name => `${columns[name]!.sql} AS "${name}"`).join(', ') as never

export const pageSelection = <Map extends Columns, Along extends Columns>(
  columns: Map,
  along: Along,
): { columns: SelectList<RecordOf<Map> & RecordOf<Along>>; along: string } => ({
  columns: selectList(columns) as never,
  along: `, ${selectList(along)}`,
})

/** As JSON arrays: names would repeat. Times are whole milliseconds, as of rows. */
export interface Cells<Row> {
  readonly sql: string
  read<Start extends object>(cells: readonly unknown[], at: number, record: Start): Start & Row
}

export function cellsOf<Map extends Columns>(
  columns: Map,
  names: readonly (keyof Map & string)[] = Object.keys(columns),
): Cells<RecordOf<Map>> {
  const times = names.map(name => columns[name]!.type === 'timestamptz')
  const sql = names.map((name, index) =>
    times[index] ? `floor(extract(epoch FROM ${columns[name]!.sql}) * 1000)::bigint` : columns[name]!.sql,
  )
  return {
    sql: sql.join(', '),
    read(cells, at, start) {
      const record = start as Record<string, unknown>
      for (let index = 0; index < names.length; index++) {
        const cell = cells[at + index]
        record[names[index]!] = times[index] && cell !== null ? new Date(cell as number) : cell
      }
      return record as never
    },
  }
}
