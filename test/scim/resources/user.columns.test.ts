import { describe, expect, test } from 'vitest'
import type { IamRecord } from '../../../src/domain/iams/iam.ts'
import { disabledState, toColumns } from '../../../src/scim/resources/user.columns.ts'

const iam = { id: 'corp', config: {} } as IamRecord

test('a resource comes to the columns of its user', () => {
  const written = toColumns(iam, { userName: 'Ines', active: false, displayName: 'Ines O', emails: [{ value: 'I@X.example' }] })
  expect(written).toMatchObject({ userid: 'Ines', useridKey: 'ines', active: false, attributes: [], notTaken: [] })
  expect(written.columns).toMatchObject({
    name: 'Ines O',
    nameKey: 'ines o',
    email: 'I@X.example',
    emailKey: 'i@x.example',
    scim: { displayName: 'Ines O', emails: [{ value: 'I@X.example' }] },
  })
})

test('an e-mail that is no address does not keep the rest out; any other fault names its attribute', () => {
  const written = toColumns(iam, { userName: 'ines', title: 'Pilot', emails: [{ value: 'no address' }] })
  expect(written.columns).toMatchObject({ position: 'Pilot' })
  expect(written.columns).not.toHaveProperty('email')
  expect(written.notTaken).toEqual([expect.stringMatching(/^emails .* the e-mail of the profile stays$/)])
  expect(() => toColumns(iam, { userName: 'ines', title: 'x'.repeat(10_001) })).toThrow(
    expect.objectContaining({ scimType: 'invalidValue', field: 'title' }),
  )
})

describe('whether a user is disabled then', () => {
  const was = (disabledBy: string | null) => ({ disabled: true, disabledBy })
  test.each([
    ['somebody new', null, true, { disabled: false, disabledBy: null }],
    ['somebody new, inactive', null, false, { disabled: true, disabledBy: 'corp' }],
    ['disabled by the client itself', was('corp'), true, { disabled: false, disabledBy: null }],
    ['disabled locally', was('bim'), true, was('bim')],
    ['disabled by nobody knows whom', was(null), true, was(null)],
    ['disabled locally, and inactive', was('bim'), false, was('bim')],
    ['enabled', { disabled: false, disabledBy: null }, false, { disabled: true, disabledBy: 'corp' }],
  ])('%s', (_who, before, active, state) => {
    expect(disabledState(iam, before, active)).toEqual(state)
  })
})
