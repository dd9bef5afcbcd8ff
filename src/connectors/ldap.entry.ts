import type { Entry as RawEntry } from 'ldapts'

/** Always base64; the library compares names by case. */
export const binaryAttributes = ['objectGUID', 'objectSid', 'mS-DS-ConsistencyGuid', 'sIDHistory', 'nsUniqueId;binary', 'GUID']

const binary = new Set(binaryAttributes.map(name => name.toLowerCase()))
export const isBinary = (attribute: string): boolean => binary.has(attribute.toLowerCase())

const pictures = ['jpegphoto', 'thumbnailphoto', 'photo', 'audio', 'usercertificate', 'usersmimecertificate', 'cacertificate']
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

export const valuesOf = (attributes: Attributes, names: readonly string[]): string[] =>
  names.flatMap(name => attributes.get(name.toLowerCase()) ?? [])

interface CutAttribute {
  readonly key: string
  readonly name: string
  readonly values: readonly string[]
  readonly from: number
  readonly last: boolean
}

export function cutAttributes(attributes: Attributes, name?: string): CutAttribute[] {
  return [...attributes].flatMap(([key, values]) => {
    const [, cut, from, end] = /^(.+);range=(\d+)-(\d+|\*)$/.exec(key) ?? []
    if (cut === undefined || (name !== undefined && cut !== name)) return []
    return [{ key, name: cut, values, from: Number(from), last: end === '*' }]
  })
}
