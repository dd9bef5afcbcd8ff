// Which account an identity belongs to: a table of the rules, and invariants over all small sets of accounts and identities.
import { describe, expect, test } from 'vitest'
import type { UserRecord } from '../../src/domain/users/user.ts'
import { type MatchedAccount, matchAccounts, type Named } from '../../src/federation/account-match.ts'

const IAM = 'corp'
let serial = 0
const account = (userid: string, directoryId: string | null, more: Partial<UserRecord> = {}): UserRecord =>
  ({
    id: ++serial,
    userid,
    directoryId,
    openidId: null,
    samlId: null,
    disabled: false,
    disabledBy: null,
    relinkable: false,
    ...more,
  }) as UserRecord
const entry = (names: string, id: string | null | undefined, more: Partial<Named> = {}): Named => {
  const aliases = names.split(' ')
  return {
    userid: aliases[0]!,
    aliases,
    ...(id !== undefined && { sourceId: id === null ? null : { source: 'directory', id } }),
    ...more,
  }
}
const shown = (who: MatchedAccount): string =>
  who.is === 'known'
    ? `${who.user.userid}${who.userid === who.user.userid ? '' : ` -> ${who.userid}`}${who.relinked ? ' relinked' : ''}`
    : who.is === 'new'
      ? 'new'
      : `${who.is} ${who.user?.userid}`

const left = { disabled: true, disabledBy: IAM }
const kept = { disabled: true, disabledBy: 'bim' }

describe('an identity is', () => {
  test.each<[string, UserRecord[], Named, string]>([
    ['somebody new', [account('bo', 'B')], entry('ann', 'A'), 'new'],
    ['known by the id', [account('ann', 'A')], entry('ann', 'A'), 'ann'],
    ['known by the id under any of its names', [account('zoe', 'A')], entry('ann zoe', 'A'), 'zoe'],
    ['renamed', [account('ann', 'A')], entry('eve', 'A'), 'ann -> eve'],
    ['renamed to the first of its names', [account('ann', 'A')], entry('eve fay', 'A'), 'ann -> eve'],
    ['not renamed by another case', [account('ann', 'A')], entry('ANN', 'A'), 'ann'],
    ['refused a name that is held', [account('ann', 'A'), account('eve', 'B')], entry('eve', 'A'), 'refused ann'],
    [
      'refused a name that is held by an account without an id',
      [account('ann', 'A'), account('eve', null)],
      entry('eve', 'A'),
      'refused ann',
    ],
    ['adopted by who has no id yet', [account('ann', null)], entry('ann', 'A'), 'ann'],
    ['adopted by who has an id of another source only', [account('ann', null, { openidId: 'x' })], entry('ann', 'A'), 'ann'],
    ['somebody else under another id', [account('ann', 'A')], entry('ann', 'B'), 'refused ann'],
    ['somebody else also of who left', [account('ann', 'A', left)], entry('ann', 'B'), 'refused ann'],
    [
      'the successor of who left, where that is planned',
      [account('ann', 'A', left)],
      entry('ann', 'B', { replaces: 'A' }),
      'successor ann',
    ],
    [
      'not the successor of another than planned',
      [account('ann', 'C', left)],
      entry('ann', 'B', { replaces: 'A' }),
      'refused ann',
    ],
    ['not the successor of who is kept out', [account('ann', 'A', kept)], entry('ann', 'B', { replaces: 'A' }), 'refused ann'],
    ['relinked where that was allowed', [account('ann', 'A', { relinkable: true })], entry('ann', 'B'), 'ann relinked'],
    ['not relinked to who left', [account('ann', 'A', { ...left, relinkable: true })], entry('ann', 'B'), 'refused ann'],
    ['by userid alone without ids', [account('ann', 'A')], entry('ann', undefined), 'ann'],
    ['by userid alone where none is shown', [account('ann', 'A')], entry('ann', null), 'ann'],
    ['not who left, where none is shown', [account('ann', 'A', left)], entry('ann', null), 'refused ann'],
    ['the first of its names that is held', [account('zoe', null)], entry('ann zoe', undefined), 'zoe'],
  ])('%s', (_, accounts, identity, expected) => {
    expect(shown(matchAccounts([identity], accounts, IAM)[0]!)).toBe(expected)
  })

  test('a name that one entry gives up is free in the same step, and one that is taken is not', () => {
    const accounts = [account('ann', 'A')]
    expect(matchAccounts([entry('ann', 'N'), entry('eve', 'A')], accounts, IAM).map(shown)).toEqual(['new', 'ann -> eve'])
    expect(matchAccounts([entry('eve', 'A'), entry('eve', 'N')], accounts, IAM).map(shown)).toEqual(['ann -> eve', 'refused ann'])
  })

  test('two of one account: the second is refused', () => {
    expect(matchAccounts([entry('ann', 'A'), entry('ann', 'A')], [account('ann', 'A')], IAM)[1]).toMatchObject({
      is: 'refused',
      twice: true,
    })
  })
})

test('in every world of three accounts and two entries nobody gets an account of another id', () => {
  const names = ['a', 'b', 'a b', 'c a']
  const ids = ['1', '2', '3', null]
  const worlds = ids.flatMap(one => ids.flatMap(two => ids.map(three => [one, two, three] as const)))
  let looked = 0
  for (const held of worlds) {
    if (new Set(held.filter(id => id !== null)).size < held.filter(id => id !== null).length) continue
    const accounts = ['a', 'b', 'c'].map((name, at) => account(name, held[at]!, at === 1 ? left : {}))
    for (const first of names)
      for (const second of names)
        for (const one of ['1', '2', '9'])
          for (const two of ['1', '3', '9']) {
            looked++
            const entries = [entry(first, one), entry(second, two)]
            const all = matchAccounts(entries, accounts, IAM)
            const taken = all.flatMap(who => (who.is === 'known' ? [who] : []))
            for (const [at, who] of all.entries()) {
              const id = entries[at]!.sourceId!.id
              const owner = accounts.find(({ directoryId }) => directoryId === id)
              if (who.is === 'known') expect([null, id]).toContain(who.user.directoryId)
              // An id that an account holds matches that account or none.
              if (owner && who.is === 'known') expect(who.user).toBe(owner)
              if (owner) expect(who.is).not.toBe('new')
            }
            expect(new Set(taken.map(({ user }) => user.id)).size).toBe(taken.length)
            expect(new Set(taken.map(({ userid }) => userid)).size).toBe(taken.length)
          }
  }
  expect(looked).toBeGreaterThan(3_000)
})
