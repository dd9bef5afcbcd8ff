// Directories made by chance, as people write them: one seed, one directory.
import { groups, people } from './organisation.ts'

/** A generator of numbers from 0 to 1 (mulberry32). */
export function chance(seed: number) {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!
  return {
    below,
    pick,
    is: (part: number) => next() < part,
    some: <Item>(items: readonly Item[], part: number) => items.filter(() => next() < part),
  }
}
type Chance = ReturnType<typeof chance>

const pieces = [
  ...['Ana', 'bo', 'OHARA', ' ', '  ', "'", ',', '+', '=', '"', '\\', '#', '<', ';', '*', '(', ')', '%'],
  ...['é', 'É', 'e\u0301', 'ß', 'ss', 'Σ', 'σ', 'ς', '李', '😀', 'ﬁ', '\u00a0', '\u200b', 'İ', 'ı', 'Å', 'Ǆ'],
]
const edges = ['', '', ' ', '  ', '#']

const nameBy = ({ pick, below }: Chance): string =>
  pick(edges) + Array.from({ length: 1 + below(4) }, () => pick(pieces)).join('') + pick(edges)

/** A value as one of the ways to write it in a DN (RFC 4514): raw, behind a backslash, as hex; in any case, with more spaces. */
function written(type: string, value: string, { is, pick }: Chance): string {
  const special = /[",+;<>\\=#\0]/
  const letters = [...value]
  return letters
    .map((letter, at) => {
      const isEdge = at === 0 || at === letters.length - 1
      const hex = () =>
        Buffer.from(letter)
          .toString('hex')
          .replace(/../g, pair => `\\${is(0.5) ? pair.toUpperCase() : pair}`)
      if (special.test(letter) || (letter === ' ' && isEdge)) return is(0.5) ? `\\${letter}` : hex()
      if (is(0.1)) return hex()
      // Another spelling of a userid would be another value of it.
      if (type === 'uid') return letter
      if (letter === ' ' && is(0.2)) return '  '
      return is(0.3) ? pick([letter.toUpperCase(), letter.toLowerCase()]) : letter
    })
    .join('')
}

const spellings = ({ pick }: Chance, text: string) =>
  pick([text, text, text.toUpperCase(), text.replaceAll(',', ' , '), text.replaceAll(',', ', ')])

export interface Generated {
  readonly entries: readonly { readonly dn: string; readonly attributes: Record<string, string | string[]> }[]
  readonly uids: readonly string[]
}

/** Ten people and ten groups below `ou=<unit>`. */
export function generated(seed: number, unit: string): Generated {
  const by = chance(seed)
  const [peopleHere, groupsHere] = [`ou=${unit},${people}`, `ou=${unit},${groups}`]
  const unitOf = (dn: string) => ({ dn, attributes: { objectClass: 'organizationalUnit', ou: unit } })
  const persons = Array.from({ length: 10 }, (_, at) => {
    const uid = `${by.pick(['Ana', 'bo', 'Zoë', 'É', 'cy D', 'x', 'Ž', '李'])}${at}${by.pick(['', 'A', 'é', 'q'])}`
    const name = by.is(0.7) ? `${nameBy(by)}${by.is(0.5) ? at : ''}` : `n${at}`
    const parts = by.is(0.3)
      ? [['uid', uid]]
      : by.is(0.2)
        ? [
            ['cn', name],
            ['uid', uid],
          ]
        : [['cn', name]]
    return { uid, name, parts: parts as [string, string][] }
  })
  const dnOf = ({ parts }: Pick<(typeof persons)[number], 'parts'>, base = peopleHere) =>
    `${parts.map(([type, value]) => `${by.pick([type, type.toUpperCase()])}=${written(type, value, by)}`).join('+')},${spellings(by, base)}`
  const groupNames = Array.from({ length: 10 }, (_, at) => `${by.pick(['Sales', 'DEV', 'a  b', 'é', 'x, y'])} ${at}`)
  const groupDn = (name: string) => dnOf({ parts: [['cn', name]] }, groupsHere)
  // RFC 2307: IA5 strings.
  const ascii = persons.filter(({ uid }) => /^[ -~]*$/.test(uid))
  const flipped = (uid: string) => by.pick([uid, uid, uid.toLowerCase(), uid.toUpperCase()])
  return {
    uids: persons.map(({ uid }) => uid),
    entries: [
      unitOf(peopleHere),
      unitOf(groupsHere),
      ...persons.map(one => ({
        dn: dnOf(one),
        attributes: {
          objectClass: 'inetOrgPerson',
          uid: one.uid,
          cn: one.name,
          sn: 'x',
          mail: `${one.uid.length}@x.example`,
          userPassword: `pw-${one.uid}`,
        },
      })),
      ...groupNames.map((name, at): Generated['entries'][number] => {
        const dn = groupDn(name)
        if (at % 3 === 0)
          return {
            dn,
            attributes: {
              objectClass: 'posixGroup',
              cn: name,
              gidNumber: String(at),
              memberUid: [...new Set(['root', ...by.some(ascii, 0.5).map(({ uid }) => flipped(uid))])],
            },
          }
        const members = [
          ...by.some(persons, 0.4).map(one => dnOf(one)),
          ...by.some(groupNames, 0.15).map(groupDn),
          'cn=none,dc=x',
        ]
        const attribute = at % 3 === 1 ? 'member' : 'uniqueMember'
        return {
          dn,
          attributes: { objectClass: at % 3 === 1 ? 'groupOfNames' : 'groupOfUniqueNames', cn: name, [attribute]: members },
        }
      }),
    ],
  }
}
