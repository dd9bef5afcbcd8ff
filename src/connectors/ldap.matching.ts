import { type Dn, maxDn, type NameValue, parseDn } from './ldap.dn.ts'

// Matching rules (RFC 4517, 4.2): `key` is safe for all directories, `maybe` also merges what some merge
// (non-ASCII). Pure.

export type Rule = 'ignore' | 'exact' | 'dn' | 'nameAndUid' | 'digits' | 'unknown'

export interface Matching {
  /** Equal keys: equal in every directory. */
  key(attribute: string, value: string): string
  dnKey(dn: string): string
  /** Different results: different in every directory. */
  maybe(key: string): string
}

const kinds: readonly (readonly [Rule, RegExp])[] = [
  ['ignore', /^caseignore/],
  ['exact', /^(?:caseexact|octetstring|uuid|integer|boolean)/],
  ['dn', /^distinguishedname/],
  ['nameAndUid', /^uniquemember/],
  ['digits', /^(?:telephonenumber|numericstring)/],
]
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

export function ruleOf(name: string): Rule {
  const lower = name.toLowerCase()
  return oids[lower] ?? kinds.find(([, pattern]) => pattern.test(lower))?.[0] ?? 'unknown'
}

/** Defaults (RFC 4519, 2307, 4524). */
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
  const read = (text: string): string => {
    const dn = parseDn(text)
    return dn === null ? (text.length > maxDn ? text : folded(text)) : keyOfDn(dn)
  }
  const known = new Map<string, string>()
  const dnKey = (text: string): string => {
    const found = known.get(text)
    if (found !== undefined) return found
    const key = read(text)
    if (known.size === KNOWN) known.clear()
    if (text.length <= KNOWN_LENGTH) known.set(text, key)
    return key
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

/** A sync meets the DNs of groups again and again. */
const KNOWN = 10_000
const KNOWN_LENGTH = 256

/** RFC 4518, 2.6.1; folds ASCII only. */
const folded = (value: string): string =>
  value
    .replace(/[A-Z]+/g, letters => letters.toLowerCase())
    .split(' ')
    .filter(part => part !== '')
    .join(' ')

function maybe(key: string): string {
  if (key.length > maxDn || /^[\x20-\x7e]*$/.test(key)) return spaceless(key.toLowerCase())
  const form = key.normalize('NFKC').toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFKD')
  return spaceless(form.replace(/[\p{Cc}\p{Cf}\p{M}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, ' '))
}

const spaceless = (text: string): string => text.replaceAll(' ', '')

export const { dnKey } = matchingBy()
