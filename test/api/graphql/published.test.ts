// The schema beside the one that was published last: what breaks clients must stand in CHANGELOG.md by its name. A release copies
// schema.graphql to published.graphql.
import { readFileSync } from 'node:fs'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { schemaText } from '../../../src/api/graphql/schema.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const published = read('./published.graphql')
const unreleased =
  /^## \[Unreleased\]\n([\s\S]*?)^## \[/m.exec(read('../../../CHANGELOG.md'))?.[1] ?? read('../../../CHANGELOG.md')

async function breaking(before: string, after: string): Promise<string[]> {
  const changes = await diff(buildSchema(before), buildSchema(after))
  return changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking).map(({ path }) => path!)
}

test('what breaks clients of the published schema is named in CHANGELOG.md, under Unreleased', async () => {
  const found = await breaking(published, schemaText)
  expect(found.filter(path => !unreleased.includes(`\`${path}\``))).toEqual([])
})

test.each([
  [
    'a field that goes',
    '  "An id that is unique across IAMs and instances."\n  globalUserId: String!\n',
    '',
    'User.globalUserId',
  ],
  ['a field that may be null now', '  globalUserId: String!', '  globalUserId: String', 'User.globalUserId'],
  ['an input field that is required now', '  excludeBim: Boolean\n', '  excludeBim: Boolean!\n', 'UserFilter.excludeBim'],
  ['a value of an enum that goes', '  "Cancelled."\n  CANCELLED\n', '', 'SyncStatus.CANCELLED'],
])('%s is found', async (_, from, to, path) => {
  const changed = published.replace(from, to)
  expect(changed).not.toBe(published)
  expect(await breaking(published, changed)).toContain(path)
})

test('what only adds breaks nothing', async () => {
  expect(await breaking(published, published.replace('type Viewer {', 'type Viewer {\n  "New."\n  more: String'))).toEqual([])
})
