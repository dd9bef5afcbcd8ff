// The reads and writes of the Terraform provider for a group with attributes and members: apply, then plans that find nothing to change,
// then a change, then destroy. It keeps `bimAuthorizations` of the group as its state, and compares it at every plan.
import { afterAll, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { expectRefusal, fresh, groupPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)

type Attributes = Record<string, string[]>
const headers = { 'user-agent': 'HashiCorp Terraform/1.9.0 (+https://www.terraform.io)' }
const read = async (id: number) =>
  (await w.admin<{ bimAuthorizations: Attributes | null }>('GET', groupPath(id), { headers })).body
const members = async (id: number) =>
  (await w.admin<{ hits: { userid: string; id: number }[] }>('GET', `/bim/group/${id}/user`, { headers })).body.hits

/** What a plan would do: the differences of what is wanted and what the provider reads. */
async function plan(id: number, wanted: Attributes): Promise<{ add: [string, string][]; remove: [string, string][] }> {
  const pairs = (attributes: Attributes) =>
    Object.entries(attributes).flatMap(([key, values]) => values.map(value => [key, value] as [string, string]))
  const [now, then] = [pairs((await read(id)).bimAuthorizations ?? {}), pairs(wanted)]
  const without = (some: [string, string][], others: [string, string][]) =>
    some.filter(([key, value]) => !others.some(other => other[0] === key && other[1] === value))
  return { add: without(then, now), remove: without(now, then) }
}

async function apply(id: number, wanted: Attributes): Promise<void> {
  const { add, remove } = await plan(id, wanted)
  for (const [key, value] of add)
    await w.must('PUT', `${groupPath(id)}/authorizations/${encodeURIComponent(key)}/${encodeURIComponent(value)}`)
  for (const [key, value] of remove)
    await w.must('DELETE', `${groupPath(id)}/authorizations/${encodeURIComponent(key)}/${encodeURIComponent(value)}`)
}

test('attributes of a group converge: a second plan finds nothing to change, and destroy leaves none', async () => {
  const { id } = await w.createGroup(fresh('terraform crew'))
  const wanted = { 'Office.Ghent': ['2', 'a b/c'], desk: ['day'] }
  expect(await plan(id, wanted)).toMatchObject({
    remove: [],
    add: [
      ['Office.Ghent', '2'],
      ['Office.Ghent', 'a b/c'],
      ['desk', 'day'],
    ],
  })
  await apply(id, wanted)
  const nothing = { add: [], remove: [] }
  for (const _ of [1, 2]) expect(await plan(id, wanted)).toEqual(nothing)
  // Applied again though nothing changed: still the same.
  for (const [key, values] of Object.entries(wanted))
    for (const value of values) await w.must('PUT', `${groupPath(id)}/authorizations/${key}/${encodeURIComponent(value)}`)
  expect(await plan(id, wanted)).toEqual(nothing)

  const changed = { 'Office.Ghent': ['2'], desk: ['night'] }
  await apply(id, changed)
  expect(await plan(id, changed)).toEqual(nothing)
  expect(await read(id)).toMatchObject({ bimAuthorizations: changed, iamAuthorizations: null, authorizations: changed })

  await apply(id, {})
  expect(await read(id)).toMatchObject({ bimAuthorizations: null, iamAuthorizations: null, authorizations: null })
  await w.must('DELETE', `/bim/group/${id}`)
  expectRefusal(await w.admin('GET', groupPath(id), { headers }), 404, /^No group/)
})

test('members of a group converge, more of them than a page', async () => {
  const { id } = await w.createGroup(fresh('terraform crew'))
  const people = Array.from({ length: 30 }, () => fresh('terraform member'))
  for (const userid of people) {
    await w.createUser(userid)
    await w.addMember(id, userid)
  }
  expect((await members(id)).map(member => member.userid).toSorted()).toEqual(people.toSorted())
  for (const member of await members(id)) await w.must('DELETE', `/bim/group/${id}/user/${member.id}`)
  expect(await members(id)).toEqual([])
})
