import { EqualityFilter, type Filter, OrFilter } from 'ldapts'
import { type Attributes, isBinary } from './ldap.entry.ts'

/** RFC 4530, Active Directory, 389 Directory Server, FreeIPA, eDirectory. */
export const entryIdAttributes = ['entryUUID', 'objectGUID', 'nsUniqueId', 'ipaUniqueID', 'GUID'] as const
export const NO_ENTRY_ID = 'none'
export const idAttributesOf = (option: string | undefined): readonly string[] =>
  option === undefined ? entryIdAttributes : option === NO_ENTRY_ID ? [] : [option]

/** Limited by index entries. */
const longestId = 512
/** Three parts are little-endian ([MS-DTYP] 2.3.4.2). */
const littleEndian = new Set(['objectguid', 'ms-ds-consistencyguid'])
const guids = new Set([...littleEndian, 'guid'])
const caseless = new Set(entryIdAttributes.map(name => name.toLowerCase()))

export function entryIdOf(attributes: Attributes, option: string | undefined): string | null {
  const name = idAttributesOf(option)
    .map(each => each.toLowerCase())
    .find(each => attributes.has(each))
  const [value, ...more] = name === undefined ? [] : attributes.get(name)!
  if (name === undefined || value === undefined || more.length > 0) return null
  if (value.length > longestId || value.includes('\0') || !value.isWellFormed()) return null
  if (guids.has(name)) return guidText(Buffer.from(value, 'base64'), littleEndian.has(name)) ?? value
  if (isBinary(name)) return value
  return caseless.has(name) ? value.toLowerCase() : value
}

function guidText(bytes: Buffer, isLittleEndian: boolean): string | null {
  if (bytes.length !== 16) return null
  const ordered = Buffer.from(bytes)
  if (isLittleEndian) for (const [start, end] of GUID_PARTS) ordered.subarray(start, end).reverse()
  return ordered.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export function idFilter(names: readonly string[], text: string): Filter {
  const filters = names.map(attribute => {
    const value = isBinary(attribute) ? idBytes(attribute, text) : text
    return new EqualityFilter({ attribute, value })
  })
  return filters.length === 1 ? filters[0]! : new OrFilter({ filters })
}

function idBytes(attribute: string, text: string): Buffer {
  const isGuid = guids.has(attribute.toLowerCase()) && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
  if (!isGuid) return Buffer.from(text, 'base64')
  const bytes = Buffer.from(text.replaceAll('-', ''), 'hex')
  if (littleEndian.has(attribute.toLowerCase())) for (const [start, end] of GUID_PARTS) bytes.subarray(start, end).reverse()
  return bytes
}
const GUID_PARTS = [
  [0, 4],
  [4, 6],
  [6, 8],
] as const
