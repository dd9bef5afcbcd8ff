import type { Entry as RawEntry } from 'ldapts'
import { Refused } from '../errors.ts'

// An entry as the directory sends it → attributes as text. Pure.

/** Identifiers that are bytes. Always told as base64, also when their bytes happen to be text; the library compares these by case. */
export const binaryAttributes = ['objectGUID', 'objectSid', 'mS-DS-ConsistencyGuid', 'sIDHistory', 'nsUniqueId;binary', 'GUID']

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
const keptOut = new Set([...pictures, ...secrets])

export type Attributes = ReadonlyMap<string, readonly string[]>

/** Names in lower case, without what has no values. */
export function attributesOf(raw: RawEntry): Attributes {
  const attributes = new Map<string, readonly string[]>()
  for (const [spelled, value] of Object.entries(raw)) {
    const name = spelled.toLowerCase()
    const values = textsOf(value)
    if (name !== 'dn' && values.length > 0 && !keptOut.has(name.split(';')[0]!)) attributes.set(name, values)
  }
  return attributes
}

const textsOf = (value: RawEntry[string]): string[] =>
  (Array.isArray(value) ? value : [value]).map(one => (typeof one === 'string' ? one : one.toString('base64')))

/** All values of the attributes named. Throws Refused when the directory gave only some of an attribute's values. */
export function valuesOf(attributes: Attributes, names: readonly string[]): string[] {
  return names.flatMap(spelled => {
    const name = spelled.toLowerCase()
    // Active Directory gives a part as `memberOf;range=0-1499` ([MS-ADTS] 3.1.1.3.1.3.3); a part is not an answer.
    if ([...attributes.keys()].some(key => key.startsWith(`${name};range=`)))
      throw new Refused(`the directory gives only a part of ${spelled}: use config.options.userGroupSearchFilter instead`)
    return attributes.get(name) ?? []
  })
}
