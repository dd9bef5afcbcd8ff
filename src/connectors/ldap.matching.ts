import { type Dn, maxDn, type NameValue, parseDn } from './ldap.dn.ts'

// Whether two values of an attribute are the same to a directory: by the attribute's matching rule (RFC 4517, 4.2), as far as every
// directory agrees on it. Where directories differ (letters beyond ASCII), `maybe` is the same and `key` is not. Pure.

/** Kinds of matching rules. `unknown` counts as exact. */
export type Rule = 'ignore' | 'exact' | 'dn' | 'nameAndUid' | 'digits' | 'unknown'

export interface Matching {
  /** Equal keys: every directory takes the two values of this attribute for the same. */
  key(attribute: string, value: string): string
  dnKey(dn: string): string
  /** Of a key; different ones: no directory takes the two for the same. */
  maybe(key: string): string
}

const kinds: readonly (readonly [Rule, RegExp])[] = [
  ['ignore', /^caseignore/],
  ['exact', /^(?:caseexact|octetstring|uuid|integer|boolean)/],
  ['dn', /^distinguishedname/],
  ['nameAndUid', /^uniquemember/],
  ['digits', /^(?:telephonenumber|numericstring)/],
]
/** OIDs of the same rules (RFC 4517), as some servers write them. */
const oids: Readonly<Record<string, Rule>> = {
  '2.5.13.1': 'dn',
  '2.5.13.2': 'ignore',
  '2.5.13.5': 'exact',
  '2.5.13.8': 'digits',
  '2.5.13.11': 'ignore',
  '2.5.13.17': 'exact',
  '2.5.13.20': 'digits',
  '2.5.13.23': 'nameAndUid',
  '1.3.6.1.4.1.1466.109.114.1': 'exact',
  '1.3.6.1.4.1.1466.109.114.2': 'ignore',
}

/** `caseIgnoreMatch`, or its OID. */
export function ruleOf(name: string): Rule {
  const lower = name.toLowerCase()
  return oids[lower] ?? kinds.find(([, pattern]) => pattern.test(lower))?.[0] ?? 'unknown'
}

/** By attribute, where the directory does not say (RFC 4519, 2307, 4524). */
const usual: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    'cn l st o ou c street dc uid mail sn givenname title description displayname samaccountname userprincipalname'
      .split(' ')
      .map(name => [name, 'ignore']),
  ),
  memberuid: 'exact',
  member: 'dn',
  memberof: 'dn',
  owner: 'dn',
  uniquemember: 'nameAndUid',
}

/** Names of one attribute: what the first one means the others do (RFC 4519). */
const synonyms: readonly (readonly string[])[] = [
  ['cn', 'commonname', '2.5.4.3'],
  ['sn', 'surname', '2.5.4.4'],
  ['c', 'countryname', '2.5.4.6'],
  ['l', 'localityname', '2.5.4.7'],
  ['st', 'stateorprovincename', '2.5.4.8'],
  ['street', 'streetaddress', '2.5.4.9'],
  ['o', 'organizationname', '2.5.4.10'],
  ['ou', 'organizationalunitname', '2.5.4.11'],
  ['uid', 'userid', '0.9.2342.19200300.100.1.1'],
  ['mail', 'rfc822mailbox', '0.9.2342.19200300.100.1.3'],
  ['dc', 'domaincomponent', '0.9.2342.19200300.100.1.25'],
]
const usualNames = new Map(synonyms.flatMap(([first = '', ...others]) => others.map(name => [name, first] as const)))

/** `rules` and `names` (in lower case) are what a directory's schema says; what it does not say is as usual. */
export function matchingBy(
  rules: ReadonlyMap<string, Rule> = new Map(),
  names: ReadonlyMap<string, string> = new Map(),
): Matching {
  const nameOf = (type: string) => {
    const plain = type.split(';')[0]!.toLowerCase()
    return names.get(plain) ?? usualNames.get(plain) ?? plain
  }
  const ruleFor = (attribute: string): Rule => {
    const name = nameOf(attribute)
    const rule = rules.get(name) ?? 'unknown'
    return rule === 'unknown' ? (usual[usualNames.get(name) ?? name] ?? 'unknown') : rule
  }
  const valueKey = ({ type, value }: NameValue): string => {
    const key = ruleFor(type) === 'unknown' ? folded(value) : keyBy(ruleFor(type), value)
    return `${nameOf(type)}=${key.replace(/[\\,+=]/g, sign => `\\${sign}`)}`
  }
  const keyOfDn = (dn: Dn): string => dn.map(name => name.map(valueKey).toSorted().join('+')).join(',')
  const dnKey = (text: string): string => {
    const dn = parseDn(text)
    return dn === null ? (text.length > maxDn ? text : folded(text)) : keyOfDn(dn)
  }
  const keyBy = (rule: Rule, value: string): string => {
    if (rule === 'dn') return dnKey(value)
    if (rule === 'nameAndUid') {
      const at = value.lastIndexOf('#')
      const hasUid = at > 0 && at <= maxDn && /^'[01]*'B$/.test(value.slice(at + 1, at + maxDn))
      return hasUid ? `${dnKey(value.slice(0, at))}#${value.slice(at + 1)}` : dnKey(value)
    }
    if (value.length > maxDn) return value
    if (rule === 'ignore') return folded(value)
    return rule === 'digits' ? folded(value.replaceAll(' ', '').replaceAll('-', '')) : value
  }
  return { key: (attribute, value) => keyBy(ruleFor(attribute), value), dnKey, maybe }
}

/** RFC 4518, 2.6.1: spaces around a value and repeated ones mean nothing. Only letters that every directory folds alike are folded. */
const folded = (value: string): string =>
  value
    .replace(/[A-Z]+/g, letters => letters.toLowerCase())
    .split(' ')
    .filter(part => part !== '')
    .join(' ')

/** RFC 4518 whole, and more: what one directory or another leaves out of a comparison. */
function maybe(key: string): string {
  if (key.length > maxDn || /^[\x20-\x7e]*$/.test(key)) return spaceless(key.toLowerCase())
  const form = key.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKD')
  return spaceless(form.replace(/[\p{Cc}\p{Cf}\p{M}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, ' '))
}

const spaceless = (text: string): string => text.replaceAll(' ', '')

/** By the usual rules, where no directory is asked. */
export const { dnKey } = matchingBy()
