// One list of words for code, tests, comments, messages, descriptions and documents: no metaphors for parts of the code, no hearsay for data.
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readPage } from '../docs/shell.ts'

const root = new URL('../../', import.meta.url).pathname
const files = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', ...patterns], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n')

/** Parts of identifiers count: `saidBy` has the word said. */
const WORDS = new Set(
  `house houses door doors room rooms hall halls porch street streets walk walks
   told heard hears hear said saying spoken spoke speaks hearsay news whoever newcomer newcomers
   anew afresh minted mint mints sealed seals seal reseal resealed knock knocks`.split(/\s+/),
)
const PHRASES = /\b(by hand|unless told|words? of|of whom|the way out)\b/gi

/** Uses that stay, each with its reason. */
const ALLOWED: readonly { word: string; line: RegExp; why: string }[] = [
  { word: 'street', line: /streetAddress|Street and number/, why: 'RFC 7643 4.1.2' },
  { word: 'street', line: /c street dc |\['street', 'streetaddress'/, why: 'RFC 4519' },
  { word: 'by hand', line: /-- by hand|byHand/, why: 'the marker in migrations, which are never edited' },
  { word: 'seal', line: /derive\(instanceKey, 'seal'\)/, why: 'the label of a key derivation: changing it loses stored secrets' },
  { word: 'sealed', line: /iam:listSealed/, why: 'an action of the policy, in the audit log' },
  { word: 'reseal', line: /iam:reseal/, why: 'an action of the policy, in the audit log' },
  {
    word: 'said',
    line: /^\s*said\s+Json|state, said\b|said = NULL|e\.said AS payload|\bsaid: ('jsonb'|null|\{)|'said'/,
    why: 'a column',
  },
  { word: 'words of', line: /a few words of your own/, why: 'words of a passphrase' },
]

const tokens = (line: string) => line.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)?.map(word => word.toLowerCase()) ?? []

function wordsIn(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      [
        ...new Set([
          ...tokens(line).filter(word => WORDS.has(word)),
          ...(line.match(PHRASES) ?? []).map(word => word.toLowerCase()),
        ]),
      ]
        .filter(word => !ALLOWED.some(allowed => allowed.word === word && allowed.line.test(line)))
        .map(word => `${index + 1} ${word}: ${line.trim()}`),
    )
}

/** Code is not the documents' prose. */
const proseOf = (path: string) =>
  readPage(path)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '')

/** All but this list. */
const code = files('src/*', 'test/*', 'scripts/*', 'bench/*', 'schema.graphql', 'prisma/schema.prisma', '*.ts').filter(
  path => /\.(tsx?|mjs|graphql|prisma|txt)$/.test(path) && path !== 'test/architecture/words.test.ts',
)

test('code, tests, comments, messages and descriptions', () => {
  expect(code.length).toBeGreaterThan(600)
  const found = code.flatMap(path => wordsIn(readPage(path)).map(line => `${path}:${line}`))
  expect(found).toEqual([])
})

test.each(files('*.md'))('%s', path => {
  expect(wordsIn(proseOf(path))).toEqual([])
})

/** Names of the schema before v1, and what its descriptions no longer call things. */
const FORMER =
  /\b(confirmSync|dropSync|DROPPED|SyncOutcome|TestedIam|TestedProvider|SimulatedIdentity|ReplayedExchange|requestWhole|answerWhole|changesWhole|asked|NEVER_ASKED|AttributeOwnerRef|UserId|GroupId|IamId)\b/

test('the schema has the names of v1', () => {
  const found = readPage('schema.graphql')
    .split('\n')
    .filter(line => FORMER.test(line))
  expect(found).toEqual([])
})

test('each allowed use is needed', () => {
  const lines = code.flatMap(path => readPage(path).split('\n'))
  expect(ALLOWED.filter(({ line }) => !lines.some(text => line.test(text)))).toEqual([])
})
