// The ways to permissions: which lanes there are, in which order, and how many are drawn.
import { describe, expect, test } from 'vitest'
import type { GrantFragment } from '../../../src/generated/ui.ts'
import { type LaneNode, lanesOf, shortened, withoutGroup } from '../../../src/ui/console/pages/person/lanes.ts'
import { fitting, pictureOf } from '../../../src/ui/console/pages/person/picture-layout.ts'

const words = {
  sourceName: (source: string) => (source === 'bim' ? 'assigned locally' : source.toUpperCase()),
  rule: (iam: string) => `rule of ${iam}`,
  ruleLong: (group: string, iam: string) => `members of ${group} of ${iam}`,
  defaults: (iam: string) => `default of ${iam}`,
  more: (n: number) => `+${n}`,
}
const at = '2026-10-03T00:00:00.000Z'
const grant = (permission: string, source: string, rest: Partial<GrantFragment> = {}): GrantFragment => ({
  permission,
  source,
  since: at,
  grantedBy: 'bim/ada',
  group: null,
  rule: null,
  ...rest,
})
const iam = { id: 'i', iamid: 'bim', displayName: 'Local' }
const finance = { id: 'g1', databaseId: 1, name: 'Finance', iamid: 'bim' }
const ofFinance = (permission: string) => grant(permission, 'group', { group: finance, rule: { group: 'Finance', iam } })
const labels = (nodes: readonly (LaneNode | null)[]) => nodes.map(node => node?.label ?? '–').join(' > ')

describe('lanes', () => {
  test('local ones first, then by source; a membership by two sources is two lanes', () => {
    const grants = [
      grant('FETCH', 'IAM defaults', { rule: { group: null, iam: { ...iam, iamid: 'harbour', displayName: 'Harbour' } } }),
      ofFinance('AUDIT'),
      grant('REPORT', 'corp'),
      grant('AUDIT', 'bim'),
    ]
    const lanes = lanesOf({ name: 'Ines', grants, sourcesOf: () => ['bim', 'harbour'] }, words)
    expect(lanes.map(({ nodes }) => labels(nodes))).toEqual([
      'Ines > assigned locally > – > – > AUDIT',
      'Ines > assigned locally > Finance > rule of Local > AUDIT',
      'Ines > CORP > – > – > REPORT',
      'Ines > HARBOUR > – > default of Harbour > FETCH',
      'Ines > HARBOUR > Finance > rule of Local > AUDIT',
    ])
    expect(lanes.map(({ grantedBy }) => grantedBy)).toEqual(['bim/ada', null, 'bim/ada', null, null])
  })

  test('hidden memberships leave the group as what there is to know', () => {
    const [lane] = lanesOf({ name: 'Ines', grants: [ofFinance('AUDIT')], sourcesOf: () => undefined }, words)
    expect(labels(lane!.nodes)).toBe('Ines > GROUP > Finance > rule of Local > AUDIT')
  })

  test.each([
    [8, ['PA', 'PB', 'PC', 'PD', 'PE', 'PF', 'PG', 'PH']],
    [9, ['PA', 'PB', 'PC', 'PD', 'PE', 'PF', 'PG', '+2']],
    [21, ['PA', 'PB', 'PC', 'PD', 'PE', 'PF', 'PG', '+14']],
  ])('%i of one source', (count, expected) => {
    const grants = Array.from({ length: count }, (_, n) => grant(`P${String.fromCharCode(65 + n)}`, 'bim'))
    const drawn = shortened(lanesOf({ name: 'Ines', grants, sourcesOf: () => [] }, words), words)
    expect(drawn.map(({ nodes }) => nodes.at(-1)!.label)).toEqual(expected)
  })

  test('of many sources each keeps its first ones, and no more than eight are drawn', () => {
    const of = (source: string, count: number) => Array.from({ length: count }, (_, n) => grant(`${source}${n}`, source))
    const draw = (grants: GrantFragment[]) => shortened(lanesOf({ name: 'Ines', grants, sourcesOf: () => [] }, words), words)
    expect(draw([...of('bim', 6), ...of('corp', 9), ...of('harbour', 1)]).map(({ nodes }) => nodes.at(-1)!.label)).toEqual([
      ...['bim0', 'bim1', '+4'],
      ...['corp0', 'corp1', '+7'],
      'harbour0',
    ])
    expect(draw(Array.from('abcdefghijkl').flatMap(source => of(source, 3)))).toHaveLength(8)
  })
})

test('what goes with a group, and what stays from elsewhere', () => {
  const grants = [grant('AUDIT', 'bim'), ofFinance('AUDIT'), ofFinance('REPORT'), grant('OTHER', 'bim')]
  expect(withoutGroup(grants, 'g1')).toEqual({ lost: ['REPORT'], kept: ['AUDIT'] })
  expect(withoutGroup(grants, 'g2')).toEqual({ lost: [], kept: [] })
})

describe('the picture', () => {
  const lanes = lanesOf(
    { name: 'Ines', grants: [grant('AUDIT', 'bim'), ofFinance('AUDIT'), ofFinance('REPORT')], sourcesOf: () => ['bim'] },
    words,
  )

  test('equal nodes of neighbours are drawn once, permissions each', () => {
    const { boxes, lines, since, heads, height } = pictureOf(lanes)
    expect(boxes.map(({ node }) => node.label)).toEqual([
      ...['Ines', 'assigned locally', 'Finance', 'rule of Local'],
      ...['AUDIT', 'AUDIT', 'REPORT'],
    ])
    expect(heads.map(({ column }) => column)).toEqual([0, 1, 2, 3, 4])
    expect(lines).toHaveLength(6)
    expect(since).toHaveLength(3)
    for (const { x, y, width } of boxes) expect([x >= 0, y >= 0, y < height, width > 0]).toEqual([true, true, true, true])
  })

  test('columns without a node have no width, nor has the person where it is narrow', () => {
    const direct = lanesOf({ name: 'Ines', grants: [grant('AUDIT', 'bim')], sourcesOf: () => [] }, words)
    expect(pictureOf(direct).heads.map(({ column }) => column)).toEqual([0, 1, 4])
    expect(pictureOf(direct).width).toBeLessThan(pictureOf(lanes).width)
    expect(pictureOf(lanes, { narrow: true }).heads.map(({ column }) => column)).toEqual([1, 2, 3, 4])
    expect(pictureOf([]).boxes).toEqual([])
  })

  test('labels are cut where they do not fit', () => {
    expect(fitting('Finance', 150)).toBe('Finance')
    expect(fitting('Everybody in the northern offices', 150)).toBe('Everybody in the…')
  })
})
