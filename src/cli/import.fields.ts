/** What the columns of a file, or the names of its attributes, say of a user. */
import type { ImportUserRow } from '../generated/inputs.ts'
import { editsTo } from '../platform/suggestions.ts'
import { usage } from './exit.ts'

export interface Fault {
  readonly field: string
  readonly message: string
}
/** A line of a file: a row to send, or the faults that keep it here. */
export interface Entry {
  readonly line: number
  readonly userid: string
  readonly row: ImportUserRow | null
  readonly faults: readonly Fault[]
  /** Its password is in a form that cannot be imported, and is left out. */
  readonly lacksPassword?: boolean
}

const PROFILE = ['name', 'email', 'phone', 'about', 'location', 'organization', 'position', 'sqlUser'] as const
const LISTS = ['groups', 'permissions'] as const
const JSON_FIELDS = ['attributes', 'preferences', 'externalUserIds'] as const
/** Checked, not sent: other accounts than local ones are no part of an import. */
const CHECKED = ['iamid', 'kind'] as const
export const FIELDS = ['userid', ...PROFILE, 'disabled', 'passwordHash', ...LISTS, ...JSON_FIELDS, ...CHECKED] as const
const ATTRIBUTE = 'attributes.'

/** Names that files have, in lower case and without what separates words. */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...Object.fromEntries(FIELDS.map(field => [field.toLowerCase(), field])),
    ...{ username: 'userid', user: 'userid', login: 'userid', uid: 'userid' },
    ...{ fullname: 'name', displayname: 'name', cn: 'name' },
    ...{ mail: 'email', emailaddress: 'email' },
    ...{ telephone: 'phone', telephonenumber: 'phone', phonenumber: 'phone' },
    ...{ l: 'location', city: 'location', o: 'organization', organisation: 'organization', company: 'organization' },
    ...{ title: 'position', jobtitle: 'position', group: 'groups', permission: 'permissions' },
    ...{ authorizations: 'attributes', userpassword: 'passwordHash' },
  }),
)
/** Of `roster export users`, which an import does not set. */
const IGNORED = new Set(['createdat', 'lastlogin', 'globaluserid'])

const foldedName = (column: string): string =>
  column
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '')

/** Fields by column. An empty list leaves a column out. Throws a usage Failure. */
export function readMapping(options: readonly string[]): Map<string, string[]> {
  const mapping = new Map<string, string[]>()
  for (const option of options) {
    const at = option.lastIndexOf('=')
    if (at < 1) throw usage(`--map must be column=field, or column= to leave a column out: ${option}`)
    const fields = option
      .slice(at + 1)
      .split(',')
      .filter(field => field !== '')
    const wrong = fields.find(field => !(FIELDS as readonly string[]).includes(field) && !isAttribute(field))
    if (wrong !== undefined)
      throw usage(`--map names no field ${wrong}: it is one of ${FIELDS.slice(0, -CHECKED.length).join(', ')}, attributes.KEY`)
    mapping.set(foldedName(option.slice(0, at)), fields)
  }
  return mapping
}

const isAttribute = (field: string): boolean => field.startsWith(ATTRIBUTE) && field.length > ATTRIBUTE.length

export type Mapping = ReadonlyMap<string, readonly string[]>

/** Null for an unknown column. */
export const fieldsOf = (column: string, mapping: Mapping): readonly string[] | null =>
  mapping.get(foldedName(column)) ?? defaultFields(column)

/** For each column its fields. Throws a usage Failure for what is unknown, repeated or missing. */
export function fieldsOfColumns(header: readonly string[], mapping: Mapping): (readonly string[])[] {
  const unknown = header.filter(column => fieldsOf(column, mapping) === null)
  if (unknown.length > 0) throw usage(unknown.map(unknownColumn).join('\n'))
  const fields = header.map(column => fieldsOf(column, mapping) ?? [])
  const all = fields.flat()
  const repeated = all.find((field, at) => all.indexOf(field) < at)
  if (repeated !== undefined) throw usage(`Two columns are ${repeated}: leave one out with --map COLUMN=`)
  if (!all.includes('userid')) throw usage('No column is the userid: name one with --map COLUMN=userid')
  return fields
}

function defaultFields(column: string): string[] | null {
  if (isAttribute(column.trim())) return [column.trim()]
  const name = foldedName(column)
  const known = NAMES.get(name)
  return known !== undefined ? [known] : IGNORED.has(name) || name === '' ? [] : null
}

function unknownColumn(column: string): string {
  const close = FIELDS.find(field => editsTo(column.trim(), field) !== null)
  const meant = close === undefined ? 'FIELD' : close
  return `The column ${JSON.stringify(column.slice(0, 64))} is unknown: map it with --map '${column.slice(0, 64)}=${meant}', or leave it out with --map '${column.slice(0, 64)}='`
}

type Draft = { -readonly [Name in keyof ImportUserRow]: ImportUserRow[Name] } & { profile: Record<string, unknown> }

/** A text, or a value of JSON. */
export type Cell = readonly [field: string, value: unknown]

const isEmpty = (value: unknown): boolean => value == null || (typeof value === 'string' && value.trim() === '')

/** An empty cell says nothing. */
export function entryOf(line: number, cells: readonly Cell[]): Entry {
  const row: Draft = { line, userid: '', profile: {} }
  const attributes = new Map<string, readonly string[]>()
  const faults: Fault[] = []
  for (const [field, value] of cells) {
    if (isEmpty(value)) continue
    const message = set({ row, attributes }, field, value)
    if (message !== null) faults.push({ field, message: `${field} ${message}` })
  }
  if (attributes.size > 0) row.attributes = { ...(row.attributes as object | undefined), ...Object.fromEntries(attributes) }
  if (row.userid === '' && !faults.some(({ field }) => field === 'userid'))
    faults.push({ field: 'userid', message: 'userid is missing' })
  const { profile, ...rest } = row
  const sent = Object.keys(profile).length > 0 ? row : rest
  return { line, userid: row.userid, row: faults.length > 0 ? null : sent, faults }
}

interface Drafted {
  readonly row: Draft
  readonly attributes: Map<string, readonly string[]>
}

/** Returns what is wrong. */
function set({ row, attributes }: Drafted, field: string, value: unknown): string | null {
  if (isOf(LISTS, field) || field.startsWith(ATTRIBUTE)) {
    const list = typeof value === 'string' ? listOf(value) : value
    if (!isListOfTexts(list)) return 'must be text, or a list of texts'
    if (isOf(LISTS, field)) row[field] = list
    else attributes.set(field.slice(ATTRIBUTE.length), list)
    return null
  }
  if (field === 'disabled') return setDisabled(row, value)
  if (isOf(JSON_FIELDS, field)) return setJson(row, field, value)
  if (typeof value !== 'string') return 'must be text'
  if (field === 'iamid') return value === 'bim' ? null : 'names another identity source: only users of bim are imported'
  if (field === 'kind') return value === 'PERSON' ? null : 'must be PERSON: service accounts are not imported'
  if (field === 'userid') row.userid = value
  else if (field === 'passwordHash') row.passwordHash = value
  else row.profile[field] = value
  return null
}

const isListOfTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(item => typeof item === 'string')

const isOf = <Name extends string>(names: readonly Name[], field: string): field is Name =>
  (names as readonly string[]).includes(field)

/** As exports write them. */
const listOf = (text: string): string[] =>
  text
    .split(';')
    .map(part => part.trim())
    .filter(part => part !== '')

const TRUE = ['true', 'yes', '1']
const FALSE = ['false', 'no', '0']

function setDisabled(row: Draft, value: unknown): string | null {
  const word = String(value).trim().toLowerCase()
  if (!TRUE.includes(word) && !FALSE.includes(word)) return `must be one of ${[...TRUE, ...FALSE].join(', ')}`
  row.disabled = TRUE.includes(word)
  return null
}

function setJson(row: Draft, field: string, given: unknown): string | null {
  let value = given
  try {
    if (typeof given === 'string') value = JSON.parse(given)
  } catch {
    return 'must be JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object'
  if (field === 'attributes') row.attributes = value
  else row.profile[field] = value
  return null
}
