import { firstValue } from '../connectors/ldap.dn.ts'
import { parseImportedHash } from '../domain/credentials/imported-hash.ts'
import { type Cell, type Entry, entryOf, type Fault, fieldsOf, type Mapping } from './import.fields.ts'
import { type Line, linesOf, MAX_LINE } from './import.lines.ts'

/** An attribute of a record: its description, and its value or what is wrong with it. */
interface Attribute {
  readonly name: string
  readonly value: string | null
  readonly fault?: string
}
interface LdifRecord {
  /** Of its first line. */
  readonly line: number
  readonly attributes: readonly Attribute[]
  readonly faults: readonly Fault[]
}

/** Characters that the wanted attributes of one entry may have. */
const MAX_ENTRY = 262_144

/** RFC 2849: people of a directory; entries of other classes are left out. */
export async function* readLdif(texts: AsyncIterable<string>, mapping: Mapping): AsyncGenerator<Entry> {
  for await (const record of recordsOf(texts, isWanted(mapping))) {
    if (record.faults.length === 0 && !isPerson(record)) continue
    const { line, attributes, faults } = record
    const password = mapping.has('userpassword') ? {} : passwordOf(attributes)
    const cells = cellsOf(attributes, mapping)
    const entry = {
      ...entryOf(line, password.hash === undefined ? cells : [...cells, ['passwordHash', password.hash]]),
      ...(password.isLeftOut && { lacksPassword: true }),
    }
    const wrong = [...faults, ...attributes.flatMap(({ name, fault }) => (fault ? [{ field: name, message: fault }] : []))]
    yield wrong.length === 0 ? entry : { ...entry, row: null, faults: wrong }
  }
}

/** Their names in a directory, the best one first. */
const SOURCES: readonly (readonly [field: string, names: readonly string[]])[] = [
  ['userid', ['uid', 'samaccountname']],
  ['name', ['displayname', 'cn', 'name']],
  ['email', ['mail']],
  ['phone', ['telephonenumber']],
  ['about', ['description']],
  ['location', ['l', 'localityname']],
  ['organization', ['o', 'organizationname']],
  ['position', ['title']],
]
const NAMES = new Set([...SOURCES.flatMap(([, names]) => names), 'memberof', 'userpassword', 'objectclass', 'changetype'])
const PEOPLE = ['person', 'inetorgperson', 'organizationalperson', 'posixaccount', 'account', 'user']

const isWanted = (mapping: Mapping) => (name: string) => NAMES.has(name) || mapping.has(name)

function isPerson({ attributes }: LdifRecord): boolean {
  const classes = attributes.filter(({ name }) => name === 'objectclass').map(({ value }) => value?.toLowerCase() ?? '')
  return attributes.length > 0 && (classes.length === 0 || classes.some(name => PEOPLE.includes(name)))
}

function cellsOf(attributes: readonly Attribute[], mapping: Mapping): Cell[] {
  const values = Map.groupBy(attributes, ({ name }) => name)
  const valuesOf = (name: string) => (values.get(name) ?? []).flatMap(({ value }) => value ?? [])
  const free = (names: readonly string[]) => names.filter(name => !mapping.has(name))
  const cells: Cell[] = SOURCES.map(([field, names]) => [field, free(names).flatMap(valuesOf)[0]])
  const groups = mapping.has('memberof') ? [] : valuesOf('memberof').map(firstValue)
  if (groups.length > 0) cells.push(['groups', groups])
  for (const name of mapping.keys()) {
    const found = valuesOf(name)
    if (found.length === 0) continue
    for (const field of fieldsOf(name, mapping) ?? []) cells.push([field, isList(field) ? found : found[0]])
  }
  // What --map says comes last, and replaces.
  return [...new Map(cells.filter(([, value]) => value !== undefined)).entries()]
}

/** The first value that can be imported. */
function passwordOf(attributes: readonly Attribute[]): { hash?: string; isLeftOut?: boolean } {
  const values = attributes.flatMap(({ name, value }) => (name === 'userpassword' && value ? [value] : []))
  const hash = values.find(isImportable)
  return hash === undefined ? { isLeftOut: values.length > 0 } : { hash }
}

function isImportable(hash: string): boolean {
  try {
    parseImportedHash(hash)
    return true
  } catch {
    return false
  }
}

const isList = (field: string): boolean => field === 'groups' || field === 'permissions' || field.startsWith('attributes.')

async function* recordsOf(texts: AsyncIterable<string>, wanted: (name: string) => boolean): AsyncGenerator<LdifRecord> {
  let record: RecordReader | null = null
  for await (const one of linesOf(texts)) {
    if (one.text === '') {
      if (record) yield record.end()
      record = null
      continue
    }
    record ??= new RecordReader(one.line, wanted)
    record.take(one)
  }
  if (record) yield record.end()
}

/** Unfolds lines, and keeps the attributes that are wanted. */
class RecordReader {
  readonly #wanted: (name: string) => boolean
  #line: number
  readonly #attributes: Attribute[] = []
  readonly #faults: Fault[] = []
  #size = 0
  #open: string | null = null
  #isEntry = false

  constructor(line: number, wanted: (name: string) => boolean) {
    this.#line = line
    this.#wanted = wanted
  }

  take({ line, text }: Line): void {
    if (text === null) this.#fault(`Line ${line} has more than ${MAX_LINE} characters`)
    // A continued line of an attribute that is left out is left out as well.
    else if (text.startsWith(' ')) this.#open = this.#open !== null && this.#fits(text) ? this.#open + text.slice(1) : null
    else {
      this.#close()
      if (!text.startsWith('#')) this.#begin(line, text)
    }
  }

  #begin(line: number, text: string): void {
    const [, name, options] = /^([a-z0-9.-]+)((?:;[^:]*)?):/i.exec(text) ?? []
    if (name === undefined) this.#fault(`Line ${line} is no LDIF: it must be an attribute, a colon and a value`)
    else if (name.toLowerCase() === 'dn' && !this.#isEntry) {
      this.#isEntry = true
      this.#line = line
    } else if (options === '' && this.#wanted(nameOf(name)) && this.#fits(text)) this.#open = text
  }

  end(): LdifRecord {
    this.#close()
    // A record of the version alone is none.
    const attributes = this.#isEntry ? this.#attributes : []
    if (this.#attributes.length > 0 && !this.#isEntry) this.#fault('The entry has no dn')
    const change = attributes.find(({ name }) => name === 'changetype')?.value?.toLowerCase()
    if (change !== undefined && change !== 'add') this.#fault('changetype must be add: changes of entries are not imported')
    return { line: this.#line, attributes, faults: this.#faults }
  }

  #fault(message: string): void {
    this.#faults.push({ field: 'line', message })
  }

  #fits(text: string): boolean {
    this.#size += text.length
    if (this.#size <= MAX_ENTRY) return true
    if (this.#size - text.length <= MAX_ENTRY) this.#fault(`The entry has more than ${MAX_ENTRY} characters`)
    return false
  }

  #close(): void {
    if (this.#open === null) return
    this.#attributes.push(attributeOf(this.#open))
    this.#open = null
  }
}

const BASE64 = /^(?:[a-z0-9+/]{4})*(?:[a-z0-9+/]{2}==|[a-z0-9+/]{3}=)?$/i

/** As --map knows columns. */
const nameOf = (description: string): string => description.toLowerCase().replaceAll('-', '')

function attributeOf(text: string): Attribute {
  const colon = text.indexOf(':')
  const name = nameOf(text.slice(0, colon))
  const kind = text[colon + 1]
  if (kind === '<') return { name, value: null, fault: `${name} must not be a URL: write its value` }
  if (kind !== ':') return { name, value: text.slice(colon + 1).replace(/^ +/, '') }
  const encoded = text.slice(colon + 2).trim()
  if (!BASE64.test(encoded)) return { name, value: null, fault: `${name} must be base64 after two colons` }
  try {
    return { name, value: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64')) }
  } catch {
    return { name, value: null, fault: `${name} must be UTF-8 in its base64` }
  }
}
