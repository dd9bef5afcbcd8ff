import type { Entry as RawEntry } from 'ldapts'

// An entry as the directory sends it → attributes as text. Pure.

/** Identifiers that are bytes. Always told as base64, also when their bytes happen to be text; the library compares these by case. */
export const binaryAttributes = ['objectGUID', 'objectSid', 'mS-DS-ConsistencyGuid', 'sIDHistory', 'nsUniqueId;binary', 'GUID']

const binary = new Set(binaryAttributes.map(name => name.toLowerCase()))
export const isBinary = (attribute: string): boolean => binary.has(attribute.toLowerCase())

/** Large, and nobody's attribute. */
const pictures = ['jpegphoto', 'thumbnailphoto', 'photo', 'audio', 'usercertificate', 'usersmimecertificate', 'cacertificate']
/** What an account with too many rights would read along. */
const secrets = [
  'userpassword',
  'authpassword',
  'unicodepwd',
  'dbcspwd',
  'ntpwdhistory',
  'lmpwdhistory',
  'pwdhistory',
  'passwordhistory',
  'sambantpassword',
  'sambalmpassword',
  'sambapasswordhistory',
  'krbprincipalkey',
  'krbmkey',
  'supplementalcredentials',
  'userpkcs12',
  'ms-mcs-admpwd',
  'mslaps-password',
  'mslaps-encryptedpassword',
  'ipanthash',
]
const excludedAttributes = new Set([...pictures, ...secrets])

export type Attributes = ReadonlyMap<string, readonly string[]>

/** Names in lower case, without what has no values. */
export function attributesOf(raw: RawEntry): Attributes {
  const attributes = new Map<string, readonly string[]>()
  for (const [spelled, value] of Object.entries(raw)) {
    const name = spelled.toLowerCase()
    const values = textsOf(value)
    if (name !== 'dn' && values.length > 0 && !excludedAttributes.has(name.split(';')[0]!)) attributes.set(name, values)
  }
  return attributes
}

const textsOf = (value: RawEntry[string]): string[] =>
  (Array.isArray(value) ? value : [value]).map(one => (typeof one === 'string' ? one : one.toString('base64')))

/** The values of the attributes named. */
export const valuesOf = (attributes: Attributes, names: readonly string[]): string[] =>
  names.flatMap(name => attributes.get(name.toLowerCase()) ?? [])

interface CutAttribute {
  /** As it stands in the entry: `member;range=0-1499`. */
  readonly key: string
  readonly name: string
  readonly values: readonly string[]
  /** Where its values begin. */
  readonly from: number
  /** Whether it goes to the end: `member;range=1500-*`. */
  readonly last: boolean
}

/** The attributes of which only a part is here; of `name` also the last part. */
export function cutAttributes(attributes: Attributes, name?: string): CutAttribute[] {
  return [...attributes].flatMap(([key, values]) => {
    const [, cut, from, end] = /^(.+);range=(\d+)-(\d+|\*)$/.exec(key) ?? []
    if (cut === undefined || (name !== undefined && cut !== name)) return []
    return [{ key, name: cut, values, from: Number(from), last: end === '*' }]
  })
}
